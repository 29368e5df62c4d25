import { createSecureContext, type SecureContext } from 'node:tls';

/** PEM texts. */
export type TlsMaterial = {
  /** The certificate is followed by those that lead to its authority. */
  clientCertificate: { certificate: string; privateKey: string } | null;
  /** The only authorities to trust; null: those that all receivers without authorities of their own have. */
  authorities: string | null;
};

/** What a connection shows to a receiver, and what it trusts. Connections are shared only under the same id. */
export type TlsIdentity = {
  id: string;
  secureContext: SecureContext;
  hasClientCertificate: boolean;
};

/**
 * A context that shows the client certificate and trusts the authorities. One of them may be an intermediate authority.
 * Without authorities, those of Node.js and `extraAuthorities` (PEM texts) are trusted. Throws an error of OpenSSL, which has
 * a code, for what it cannot use.
 */
export function createTlsContext(
  { clientCertificate, authorities }: TlsMaterial,
  extraAuthorities: string[],
): SecureContext {
  const context = createSecureContext({
    ...(clientCertificate && { cert: clientCertificate.certificate, key: clientCertificate.privateKey }),
    ...(authorities !== null && { ca: authorities, allowPartialTrustChain: true }),
  });
  if (authorities === null) addAuthorities(context, extraAuthorities);
  return context;
}

/**
 * Adds to the authorities of Node.js, which the process has parsed once. The option `ca` would replace them, so it would need
 * the texts of all and parse them for each context: 4.5 ms and 820 KiB instead of 0.25 ms and 47 KiB (Node.js 24.21, 121
 * authorities). What is called here is what Node.js itself calls for `ca`, and is not documented.
 */
function addAuthorities({ context }: SecureContext, authorities: string[]): void {
  const native = context as { addCACert(certificate: string): void };
  for (const authority of authorities) native.addCACert(authority);
}
