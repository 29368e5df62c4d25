import type pg from 'pg';
import type { EndpointLimits } from '../../policy/pacing.ts';
import { type PolicyOverride, serializeOverride } from '../../policy/policy-override.ts';
import { type FilterQuotas, requireFilterQuota } from '../events/accept/event-filters.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { lockQuotaCount } from '../projects/enforce-quota.ts';
import { beginAnew } from '../receivers/failures/begin-anew.ts';
import { setLimits } from '../receivers/gates/limits.ts';
import type { Scope } from '../scope.ts';
import { requireHttpsForTls, type SealedTls } from './endpoint-tls.ts';
import { ENDPOINT_COLUMNS, type Endpoint, throwingUidTaken } from './endpoints.ts';

// A null parameter leaves the column unchanged. Columns that can be set to null have a flag.
const UPDATE_ENDPOINT = `
  UPDATE endpoints
  SET url = coalesce($4, url),
      events = coalesce($5, events),
      description = CASE WHEN $6::boolean THEN $7 ELSE description END,
      headers = CASE WHEN $8::boolean THEN $9 ELSE headers END,
      uid = CASE WHEN $10::boolean THEN $11 ELSE uid END,
      policy = CASE WHEN $12::boolean THEN $13 ELSE policy END,
      rate = CASE WHEN $14::boolean THEN $15 ELSE rate END,
      rate_period = CASE WHEN $14::boolean THEN $16 ELSE rate_period END,
      concurrency = CASE WHEN $17::boolean THEN $18 ELSE concurrency END,
      ordered = coalesce($19, ordered),
      filter = CASE WHEN $20::boolean THEN $21 ELSE filter END,
      tls_certificate = CASE WHEN $22::boolean THEN $23 ELSE tls_certificate END,
      tls_key = CASE WHEN $22::boolean THEN $24 ELSE tls_key END,
      tls_authorities = CASE WHEN $25::boolean THEN $26 ELSE tls_authorities END,
      oauth = CASE WHEN $27::boolean THEN $28 ELSE oauth END,
      updated_at = now()
  WHERE project_id = $1 AND ($2::text IS NULL OR consumer = $2) AND id = $3 AND status <> 'deleted'
  RETURNING ${ENDPOINT_COLUMNS}`;

export type EndpointChanges = {
  url?: string | undefined;
  events?: string[] | undefined;
  description?: string | null | undefined;
  headers?: Buffer | null | undefined;
  uid?: string | null | undefined;
  policy?: PolicyOverride | null | undefined;
  /** Canonical JSON. */
  filter?: string | null | undefined;
  /** A member that is missing stays unchanged. */
  tls?: SealedTls | undefined;
  /** Given what is stored, returns what to store. Nobody else changes it in between. What it throws, updateEndpoint throws. */
  oauth?: ((stored: Buffer | null) => Buffer | null) | undefined;
} & { [Limit in keyof EndpointLimits]?: EndpointLimits[Limit] | undefined };

export const changesLimits = ({ rate, concurrency, ordered }: EndpointChanges): boolean =>
  rate !== undefined || concurrency !== undefined || ordered !== undefined;

const changesTls = ({ tls }: EndpointChanges): boolean =>
  tls?.clientCertificate !== undefined || tls?.authorities !== undefined;

const LOCK_ENDPOINT = `
  SELECT consumer, url <> $4 AS moves, oauth FROM endpoints
  WHERE project_id = $1 AND ($2::text IS NULL OR consumer = $2) AND id = $3 AND status <> 'deleted'
  FOR NO KEY UPDATE`;

/**
 * Changes an endpoint, and with it what its gate says about its limits. Throws UidTaken, TlsWithoutHttps, or QuotaReached for
 * a filter.
 */
export async function updateEndpoint(
  pool: pg.Pool,
  scope: Scope,
  id: string,
  changes: EndpointChanges,
  quotas: FilterQuotas | null = null,
): Promise<Endpoint | undefined> {
  const { filter = null, oauth } = changes;
  const hasLimits = changesLimits(changes);
  // Two changes at once may each be right for the endpoint as it was: what they leave together decides.
  const mayLackHttps = changes.url !== undefined || changesTls(changes);
  if (!hasLimits && !mayLackHttps && filter === null && !oauth)
    return update(pool, scope, id, changes, undefined);
  return inTransaction(pool, async (client) => {
    // Two changes, or a change and a registration, would otherwise count the filters without each other's.
    if (filter !== null) await lockQuotaCount(client, 'endpoints', scope.projectId);
    const found = await lockEndpoint(client, scope, id, changes.url ?? null);
    if (!found) return undefined;
    if (filter !== null && quotas !== null) {
      const { consumer } = found;
      await requireFilterQuota(client, { id, projectId: scope.projectId, consumer }, filter, quotas);
    }
    if (found.moves) await beginAnew(client, [id]);
    const endpoint = await update(client, scope, id, changes, oauth?.(found.oauth));
    if (endpoint && mayLackHttps) requireHttpsForTls(endpoint);
    if (endpoint && hasLimits) await setLimits(client, scope.projectId, id, endpoint);
    return endpoint;
  });
}

type LockedEndpoint = { consumer: string | null; moves: boolean | null; oauth: Buffer | null };

async function lockEndpoint(
  client: pg.PoolClient,
  { projectId, consumer }: Scope,
  id: string,
  url: string | null,
): Promise<LockedEndpoint | undefined> {
  return (await client.query<LockedEndpoint>(LOCK_ENDPOINT, [projectId, consumer, id, url])).rows[0];
}

async function update(
  db: Queryable,
  scope: Scope,
  id: string,
  {
    url,
    events,
    description,
    headers,
    uid,
    policy,
    filter,
    rate,
    concurrency,
    ordered,
    tls,
  }: Omit<EndpointChanges, 'oauth'>,
  /** Undefined: it stays. */
  oauth: Buffer | null | undefined,
): Promise<Endpoint | undefined> {
  const updated = db.query<Endpoint>(UPDATE_ENDPOINT, [
    scope.projectId,
    scope.consumer,
    id,
    url ?? null,
    events ?? null,
    description !== undefined,
    description ?? null,
    headers !== undefined,
    headers ?? null,
    uid !== undefined,
    uid ?? null,
    policy !== undefined,
    serializeOverride(policy ?? null),
    rate !== undefined,
    rate?.limit ?? null,
    rate?.per ?? null,
    concurrency !== undefined,
    concurrency ?? null,
    ordered ?? null,
    filter !== undefined,
    filter ?? null,
    tls?.clientCertificate !== undefined,
    tls?.clientCertificate?.certificate ?? null,
    tls?.clientCertificate?.privateKey ?? null,
    tls?.authorities !== undefined,
    tls?.authorities ?? null,
    oauth !== undefined,
    oauth ?? null,
  ]);
  const { rows } = await throwingUidTaken(updated);
  return rows[0];
}
