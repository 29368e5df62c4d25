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
 * Without authorities, those in `trusted` are trusted, or those of Node.js. Throws an error of OpenSSL, which has a code,
 * for what it cannot use.
 */
export function createTlsContext(
  { clientCertificate, authorities }: TlsMaterial,
  trusted: string[] | undefined,
): SecureContext {
  return createSecureContext({
    ...(clientCertificate && { cert: clientCertificate.certificate, key: clientCertificate.privateKey }),
    ...(authorities === null
      ? trusted && { ca: trusted }
      : { ca: authorities, allowPartialTrustChain: true }),
  });
}
