import type { Queryable } from '../postgres/database.ts';
import type { Endpoint } from './endpoints.ts';

/** What an endpoint uses for TLS, sealed. Null: it has none. A member that is missing is not changed. */
export type SealedTls = {
  clientCertificate?: { certificate: Buffer; privateKey: Buffer } | null;
  authorities?: Buffer | null;
};

/** An endpoint would have settings for TLS, and a URL that does not use it. */
export class TlsWithoutHttps extends Error {}

export function requireHttpsForTls({ url, tlsCertificate, tlsAuthorities }: Endpoint): void {
  if ((tlsCertificate || tlsAuthorities) && !url.startsWith('https:')) throw new TlsWithoutHttps();
}

/**
 * SQL: a text that is another one after each change of an endpoint, or null if the endpoint has neither a client certificate
 * nor authorities. It does not read them.
 */
export const tlsVersion = (endpoint: string): string =>
  `CASE WHEN ${endpoint}.tls_certificate IS NOT NULL OR ${endpoint}.tls_authorities IS NOT NULL THEN ${endpoint}.updated_at::text END`;

export type StoredTls = {
  certificate: Buffer | null;
  privateKey: Buffer | null;
  authorities: Buffer | null;
};

const READ_TLS = `
  SELECT tls_certificate AS certificate, tls_key AS "privateKey", tls_authorities AS authorities
  FROM endpoints
  WHERE id = $1`;

/** What the endpoint uses for TLS now, sealed. Undefined: there is no such endpoint. */
export async function readTls(db: Queryable, endpointId: string): Promise<StoredTls | undefined> {
  return (await db.query<StoredTls>(READ_TLS, [endpointId])).rows[0];
}
