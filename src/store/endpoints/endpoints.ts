import { LISTENER_SCHEME } from '../../policy/listener-url.ts';
import type { EndpointLimits } from '../../policy/pacing.ts';
import type { PolicyOverride } from '../../policy/policy-override.ts';
import type { EncryptionContext } from '../../secrets/secret-box.ts';
import { type Queryable, violatesUnique } from '../postgres/database.ts';
import { HEALTH_OF_ENDPOINT, type StoredHealth } from '../receivers/failures/endpoint-health.ts';
import type { Scope } from '../scope.ts';

export const ENDPOINT_STATUSES = ['active', 'paused', 'disabled'] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];

export type Endpoint = EndpointLimits & {
  id: string;
  /** The caller's own name for it, unique among the endpoints of its consumer. */
  uid: string | null;
  url: string;
  /** A listener has no URL to send to: its requests go through a stream to a client. */
  kind: 'url' | 'listener';
  events: string[];
  consumer: string | null;
  description: string | null;
  /** Sealed, with the times at which they begin and stop to sign. */
  secrets: Buffer;
  /** Sealed JSON object of header names and values; null: none. */
  headers: Buffer | null;
  /** Sealed PEM certificates of its client certificate, without the private key; null: none. */
  tlsCertificate: Buffer | null;
  /** Sealed PEM certificates of the only authorities that it trusts; null: those of the process. */
  tlsAuthorities: Buffer | null;
  /** Sealed JSON of the client credentials with which access tokens are requested; null: it needs none. */
  oauth: Buffer | null;
  /** The members of the retry policy that it sets; null: none. */
  policy: PolicyOverride | null;
  /** A JSON Schema that events must match; null: none. */
  filter: Record<string, unknown> | null;
  status: EndpointStatus;
  /** Whose key disabled it; null if it is not disabled, or was disabled before this was recorded. */
  disabledBy: 'project' | 'consumer' | null;
  /** Why Posthorn disabled it: the receiver responded 410, or failed for days. Null if a key did, or it is not disabled. */
  disabledReason: 'gone' | 'failing' | null;
  /** Why its deliveries are held although it is active: the plan of its consumer does not include webhooks. */
  withheld: 'plan' | null;
  createdAt: Date;
  updatedAt: Date;
  health: StoredHealth;
};

/** Replaces a header's value in responses. RFC 9110 does not allow it as a value, so a response sent back unchanged is refused. */
export const MASKED = '••••';

/** The encryption contexts of an endpoint's sealed columns. */
export const endpointSecretsContext = (projectId: string, endpointId: string): EncryptionContext => ({
  project: projectId,
  recordId: endpointId,
  column: 'secrets',
});
export const endpointHeadersContext = (projectId: string, endpointId: string): EncryptionContext => ({
  project: projectId,
  recordId: endpointId,
  column: 'headers',
});
export const endpointTlsContext = (
  projectId: string,
  endpointId: string,
  column: 'tls_certificate' | 'tls_key' | 'tls_authorities',
): EncryptionContext => ({ project: projectId, recordId: endpointId, column });

export const endpointOAuthContext = (projectId: string, endpointId: string): EncryptionContext => ({
  project: projectId,
  recordId: endpointId,
  column: 'oauth',
});

export const ENDPOINT_COLUMNS = `
  id, uid, url, CASE WHEN starts_with(url, '${LISTENER_SCHEME}') THEN 'listener' ELSE 'url' END AS kind, events, consumer,
  description, secrets, headers, tls_certificate AS "tlsCertificate", tls_authorities AS "tlsAuthorities", oauth,
  policy::jsonb AS policy, filter::json AS filter,
  CASE WHEN rate IS NOT NULL THEN json_build_object('limit', rate, 'per', rate_period) END AS rate, concurrency, ordered,
  status, disabled_by AS "disabledBy", disabled_reason AS "disabledReason", suspended AS withheld, created_at AS "createdAt",
  updated_at AS "updatedAt", ${HEALTH_OF_ENDPOINT} AS health`;

const FIND_ENDPOINT = `
  SELECT ${ENDPOINT_COLUMNS}
  FROM endpoints
  WHERE project_id = $1 AND ($2::text IS NULL OR consumer = $2) AND id = $3 AND status <> 'deleted'`;

export async function findEndpoint(db: Queryable, scope: Scope, id: string): Promise<Endpoint | undefined> {
  const { rows } = await db.query<Endpoint>(FIND_ENDPOINT, [scope.projectId, scope.consumer, id]);
  return rows[0];
}

/** Another endpoint of the consumer has this uid. */
export class UidTaken extends Error {}

/** Throws UidTaken if `work` would give two endpoints of a consumer the same uid. */
export async function throwingUidTaken<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw violatesUnique(error, 'endpoints_uid') ? new UidTaken() : error;
  }
}
