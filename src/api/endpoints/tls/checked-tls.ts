import type { X509Certificate } from 'node:crypto';
import { createTlsContext, type TlsMaterial } from '../../../egress/connections/tls-identity.ts';
import { TlsWithoutHttps } from '../../../store/endpoints/endpoint-tls.ts';
import type { Problem } from '../../problems/problem.ts';
import { parseCertificates, refused, toPem } from './pem.ts';
import { parsePrivateKey, requireKeyOf } from './private-key.ts';
import type { TlsChanges } from './tls-schemas.ts';

/** PEM texts in one form. A member that is missing is not set; null removes it. */
export type CheckedTls = Partial<TlsMaterial>;

export const NO_TLS: CheckedTls = { clientCertificate: null, authorities: null };

const CHAIN = '/tls/clientCertificate/certificate';
const AUTHORITIES = '/tls/authorities';

/** Throws invalid_body for certificates and keys that connections could not use at `now` (milliseconds since the epoch). */
export function checkedTls(input: TlsChanges | undefined, now: number): CheckedTls {
  const { clientCertificate, authorities } = input ?? {};
  const checked: CheckedTls = {};
  if (clientCertificate !== undefined)
    checked.clientCertificate = clientCertificate && checkedClientCertificate(clientCertificate, now);
  if (authorities !== undefined)
    checked.authorities =
      authorities === null ? null : toPem(parseCertificates(authorities, AUTHORITIES, now));
  requireUsable(checked);
  return checked;
}

function checkedClientCertificate(
  { certificate, privateKey }: NonNullable<TlsChanges['clientCertificate']>,
  now: number,
): TlsMaterial['clientCertificate'] {
  const chain = parseCertificates(certificate, CHAIN, now);
  const key = parsePrivateKey(privateKey);
  requireKeyOf(chain[0]!, key);
  requireOrder(chain);
  return { certificate: toPem(chain), privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** Receivers with TLS 1.2 may refuse a chain in another order (RFC 5246 section 7.4.2). */
function requireOrder(chain: X509Certificate[]): void {
  const wrong = chain.findIndex((one, index) => index > 0 && !chain[index - 1]!.checkIssued(one));
  if (wrong > 0) throw refused(CHAIN, `certificate ${wrong + 1} did not issue certificate ${wrong}`);
}

/** What remains that OpenSSL refuses, such as signatures with MD5. */
function requireUsable({ clientCertificate = null, authorities = null }: CheckedTls): void {
  for (const [pointer, material] of [
    [CHAIN, { clientCertificate, authorities: null }],
    [AUTHORITIES, { clientCertificate: null, authorities }],
  ] as const) {
    if (!material.clientCertificate && material.authorities === null) continue;
    try {
      createTlsContext(material, []);
    } catch {
      throw refused(pointer, 'cannot be used for TLS: its keys or signatures may be too weak');
    }
  }
}

export const isSet = ({ clientCertificate, authorities }: CheckedTls): boolean =>
  clientCertificate != null || authorities != null;

const withoutHttps = (): Problem =>
  refused('/tls', 'needs a URL that begins with https://: without TLS there is no certificate');

/** Throws invalid_body if an endpoint has settings for TLS, and a URL that does not use it. */
export function refuseTlsWithoutHttps(url: string, hasTls: boolean): void {
  if (hasTls && !url.startsWith('https:')) throw withoutHttps();
}

/** Throws invalid_body instead of TlsWithoutHttps. */
export async function mapTlsWithoutHttps<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof TlsWithoutHttps ? withoutHttps() : error;
  }
}
