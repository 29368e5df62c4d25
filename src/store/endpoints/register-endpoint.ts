import type pg from 'pg';
import { inTransaction } from '../postgres/database.ts';
import {
  type CreatedOnce,
  createOnce,
  type IdempotencyQuotas,
  type IdempotentCall,
} from '../projects/create-once.ts';
import { lockQuotaCount } from '../projects/enforce-quota.ts';
import { ENDPOINT_COLUMNS, type Endpoint } from './endpoints.ts';
import { type EndpointQuotas, insertEndpoint, type NewEndpoint } from './insert-endpoint.ts';

/** The endpoint of a registration: a new one, or the one that has its uid. */
export type Registration = { kind: 'created' | 'existing'; endpoint: Endpoint };

const FIND_BY_UID = `
  SELECT ${ENDPOINT_COLUMNS}
  FROM endpoints
  WHERE project_id = $1 AND coalesce(consumer, '') = coalesce($2, '') AND uid = $3 AND status <> 'deleted'`;

/**
 * Registers an endpoint, unless one with its uid exists or an earlier call had the same idempotency key. `respond` makes
 * the body of the response, and throws if the existing endpoint is another one. Throws also what insertEndpoint and
 * createOnce throw; nothing is stored then.
 */
export async function registerEndpoint(
  pool: pg.Pool,
  endpoint: NewEndpoint,
  { keyHash, quotas, call }: RegistrationCall,
  respond: (registration: Registration) => unknown,
): Promise<CreatedOnce> {
  const { projectId, consumer, uid = null } = endpoint;
  return inTransaction(pool, async (client) => {
    // Concurrent registrations of the same endpoint find it here one after the other.
    await lockQuotaCount(client, 'endpoints', projectId);
    return createOnce(client, call, { quotas, about: consumer }, async () => {
      const existing = uid === null ? undefined : await findByUid(client, projectId, consumer, uid);
      if (existing) return { repeated: true, body: respond(existing) };
      const created = await insertEndpoint(client, endpoint, keyHash, quotas);
      return { repeated: false, body: respond({ kind: 'created', endpoint: created }) };
    });
  });
}

type RegistrationCall = {
  /** The hash of the key of the call; null: the admin key. */
  keyHash: Buffer | null;
  quotas: EndpointQuotas & IdempotencyQuotas;
  /** Null: the call has no idempotency key. */
  call: IdempotentCall | null;
};

async function findByUid(
  client: pg.PoolClient,
  projectId: string,
  consumer: string | null,
  uid: string,
): Promise<Registration | undefined> {
  const values = [projectId, consumer, uid];
  const { rows } = await client.query<Endpoint>(FIND_BY_UID, values);
  return rows[0] && { kind: 'existing', endpoint: rows[0] };
}
