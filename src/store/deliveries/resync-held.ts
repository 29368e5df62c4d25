import type pg from 'pg';
import { HOLD_REASONS, type HoldReason, holdReason } from '../endpoints/hold-reason.ts';
import { initialLane } from '../endpoints/receiver-health.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';

// Locked before the deliveries, as in every transaction. Until this transaction ends, the endpoint cannot be resumed or
// deleted. It can be paused; deliveries that are released after that are held again when they are claimed.
const LOCK_ENDPOINT = `
  SELECT ${holdReason('e')} AS reason FROM endpoints e WHERE id = $1 AND status <> 'deleted' FOR KEY SHARE`;

const HELD_FOR_OTHER_REASONS = `
  SELECT id FROM deliveries
  WHERE endpoint_id = $1 AND id > $4 AND waiting_for IS NOT NULL AND waiting_for = ANY ($2::text[])
  ORDER BY id LIMIT $3
  FOR UPDATE`;

const RELEASE = `
  WITH changed AS (
    UPDATE deliveries d
    SET status = CASE WHEN d.attempts = 0 THEN 'pending' ELSE 'retrying' END,
        waiting_for = NULL, owner = NULL, due_at = now(),
        lane = CASE WHEN d.lane = 'isolated' THEN 'isolated'
                    ELSE ${initialLane('d.receiver')} END
    FROM (${HELD_FOR_OTHER_REASONS}) AS held
    WHERE d.id = held.id
    RETURNING d.id
  )
  SELECT count(*)::int AS count, max(id) AS last FROM changed`;

const CHANGE_REASON = `
  WITH changed AS (
    UPDATE deliveries d SET waiting_for = $5 FROM (${HELD_FOR_OTHER_REASONS}) AS held WHERE d.id = held.id RETURNING d.id
  )
  SELECT count(*)::int AS count, max(id) AS last FROM changed`;

/** Deliveries in one transaction: few, so that other transactions wait only briefly for their locks. */
const RESYNC_BATCH = 500;

/**
 * Brings the next 500 held deliveries of an endpoint after `afterId`, in id order, in line with the endpoint's state. If
 * the endpoint receives deliveries again, they become due now, at the step they had reached; otherwise their hold reason
 * is updated. Returns the number of released deliveries, and in `next` the id to continue after (null when done).
 */
export async function resyncHeld(
  pool: pg.Pool,
  endpointId: string,
  afterId: string,
): Promise<{ next: string | null; released: number }> {
  return inTransaction(pool, async (client) => {
    const endpoint = (await client.query<{ reason: HoldReason | null }>(LOCK_ENDPOINT, [endpointId])).rows[0];
    if (!endpoint) return { next: null, released: 0 };
    const { count, last } = await updateHeldBatch(client, endpointId, endpoint.reason, afterId);
    return { next: count === RESYNC_BATCH ? last : null, released: endpoint.reason === null ? count : 0 };
  });
}

/** Releases a batch of held deliveries, or updates their hold reason. Returns how many changed, and the last id. */
export async function updateHeldBatch(
  db: Queryable,
  endpointId: string,
  reason: HoldReason | null,
  afterId: string,
): Promise<{ count: number; last: string | null }> {
  const values = [endpointId, HOLD_REASONS.filter((other) => other !== reason), RESYNC_BATCH, afterId];
  const { rows } = await (reason === null
    ? db.query<HeldBatch>(RELEASE, values)
    : db.query<HeldBatch>(CHANGE_REASON, [...values, reason]));
  return rows[0]!;
}

type HeldBatch = { count: number; last: string | null };
