import type pg from 'pg';
import type { Quotas } from '../../policy/quotas.ts';
import type { Queryable } from '../postgres/database.ts';
import { countUpTo, requireBelowQuota } from './enforce-quota.ts';

/** A call with an Idempotency-Key. */
export type IdempotentCall = {
  projectId: string;
  /** The consumer whose key makes the call; null: the project. Each has its own idempotency keys. */
  consumer: string | null;
  /** SHA-256 of the Idempotency-Key. */
  keyHash: Buffer;
  /** HMACs of the content under each encryption key, the newest key first. */
  requestMacs: Buffer[];
  seal(response: string): Buffer;
  open(sealed: Buffer): string;
};

/** The response to a call, as JSON text; `repeated` if an earlier call created what it describes. */
export type CreatedOnce = { repeated: boolean; response: string };

export type IdempotencyQuotas = Pick<Quotas, 'idempotencyKeysOfProject' | 'idempotencyKeysOfConsumer'>;

/** The Idempotency-Key was used for another call in the last 24 hours. */
export class IdempotencyKeyReused extends Error {}

const WINDOW = `interval '24 hours'`;

// Waits for a concurrent call with the same key, and then returns no row.
const CLAIM = `
  INSERT INTO idempotency_keys AS earlier (project_id, consumer, key_hash, request_mac, about)
  VALUES ($1, coalesce($2, ''), $3, $4, $5)
  ON CONFLICT (project_id, consumer, key_hash) DO UPDATE
  SET request_mac = excluded.request_mac, response = NULL, created_at = excluded.created_at, about = excluded.about
  WHERE earlier.created_at < now() - ${WINDOW}
  RETURNING true`;

const EARLIER = `
  SELECT request_mac AS "requestMac", response FROM idempotency_keys
  WHERE project_id = $1 AND consumer = coalesce($2, '') AND key_hash = $3`;

const SET_RESPONSE = `
  UPDATE idempotency_keys SET response = $4
  WHERE project_id = $1 AND consumer = coalesce($2, '') AND key_hash = $3`;

/**
 * Runs `create` and returns its body as JSON. With an idempotency key, a repeated call gets the response of the
 * first one instead; both are committed in the transaction of `client` or not at all. `about`: the consumer whose erasure
 * ends this. Throws IdempotencyKeyReused if the earlier call had other content, and QuotaReached if there are too many keys.
 */
export async function createOnce(
  client: pg.PoolClient,
  call: IdempotentCall | null,
  { quotas, about }: { quotas: IdempotencyQuotas; about: string | null },
  create: () => Promise<{ repeated: boolean; body: unknown }>,
): Promise<CreatedOnce> {
  if (call === null) return asText(await create());
  const key = [call.projectId, call.consumer, call.keyHash];
  const earlier = await claimKey(client, call, key, about);
  if (earlier !== 'claimed') return { repeated: true, response: earlier };
  await requireKeyQuota(client, call, quotas);
  const created = asText(await create());
  await client.query(SET_RESPONSE, [...key, call.seal(created.response)]);
  return created;
}

const asText = ({ repeated, body }: { repeated: boolean; body: unknown }): CreatedOnce => ({
  repeated,
  response: JSON.stringify(body),
});

/** The response of the earlier call with this key, or `claimed` if there is none. */
async function claimKey(
  client: pg.PoolClient,
  call: IdempotentCall,
  key: unknown[],
  about: string | null,
): Promise<string> {
  for (;;) {
    const { rows: claimed } = await client.query(CLAIM, [...key, call.requestMacs[0], about]);
    if (claimed.length > 0) return 'claimed';
    const { rows } = await client.query<{ requestMac: Buffer; response: Buffer }>(EARLIER, key);
    // Without a row, retention has removed it in between.
    if (!rows[0]) continue;
    const { requestMac, response } = rows[0];
    if (!call.requestMacs.some((mac) => mac.equals(requestMac))) throw new IdempotencyKeyReused();
    return call.open(response);
  }
}

const OTHERS_OF_PROJECT = countUpTo('FROM idempotency_keys WHERE project_id = $1 AND key_hash <> $2', '$3');
const OTHERS_OF_CONSUMER = countUpTo(
  'FROM idempotency_keys WHERE project_id = $1 AND key_hash <> $2 AND consumer = $3',
  '$4',
);

async function requireKeyQuota(
  client: pg.PoolClient,
  { projectId, consumer, keyHash }: IdempotentCall,
  { idempotencyKeysOfProject, idempotencyKeysOfConsumer }: IdempotencyQuotas,
): Promise<void> {
  const values = [projectId, keyHash];
  if (consumer !== null) {
    const quota = 'idempotencyKeysOfConsumer';
    await requireBelowQuota(
      client,
      OTHERS_OF_CONSUMER,
      [...values, consumer],
      quota,
      idempotencyKeysOfConsumer,
    );
  }
  const quota = 'idempotencyKeysOfProject';
  await requireBelowQuota(client, OTHERS_OF_PROJECT, values, quota, idempotencyKeysOfProject);
}

const MAX_REMOVED = 5_000;

const REMOVE_OLD = `
  DELETE FROM idempotency_keys WHERE ctid IN (
    SELECT ctid FROM idempotency_keys WHERE created_at < now() - ${WINDOW}
    ORDER BY created_at LIMIT ${MAX_REMOVED} FOR UPDATE SKIP LOCKED)`;

/** Removes up to 5,000 keys whose 24 hours are over. Returns how many; 0: none is left. */
export async function removeOldIdempotencyKeys(db: Queryable): Promise<number> {
  return (await db.query(REMOVE_OLD)).rowCount ?? 0;
}

const REMOVE_ABOUT = `DELETE FROM idempotency_keys WHERE project_id = $1 AND about = $2`;

/** Removes what calls of anybody returned about the consumer. Such a call, repeated with the same key, is a new one. */
export async function removeIdempotencyKeysAbout(
  db: Queryable,
  projectId: string,
  consumer: string,
): Promise<void> {
  await db.query(REMOVE_ABOUT, [projectId, consumer]);
}

const REMOVE_OF_CONSUMER = `DELETE FROM idempotency_keys WHERE project_id = $1 AND consumer = $2`;

/** Removes what calls with the consumer's keys returned, so that a later consumer with the same id cannot repeat them. */
export async function removeIdempotencyKeysOfConsumer(
  db: Queryable,
  projectId: string,
  consumer: string,
): Promise<void> {
  await db.query(REMOVE_OF_CONSUMER, [projectId, consumer]);
}
