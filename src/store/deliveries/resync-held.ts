import type pg from 'pg';
import { HOLD_REASONS, type HoldReason, holdReason } from '../endpoints/hold-reason.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';

// Before the deliveries, as everywhere. Until this transaction ends it is not deleted, nor let go on. It may be stopped:
// what is released behind that is parked at its claim.
const LOCK_ENDPOINT = `
  SELECT ${holdReason('e')} AS reason FROM endpoints e WHERE id = $1 AND status <> 'deleted' FOR KEY SHARE`;

const HELD_FOR_OTHERS = `
  SELECT id FROM deliveries
  WHERE endpoint_id = $1 AND id > $4 AND waiting_for IS NOT NULL AND waiting_for = ANY ($2::text[])
  ORDER BY id LIMIT $3
  FOR UPDATE`;

// At its step, with the attempts that it has had.
const RELEASE = `
  WITH moved AS (
    UPDATE deliveries d
    SET status = CASE WHEN d.attempts = 0 THEN 'pending' ELSE 'retrying' END,
        waiting_for = NULL, owner = NULL, due_at = now(),
        lane = CASE WHEN d.lane = 'isolated' THEN 'isolated'
                    WHEN EXISTS (SELECT FROM receiver_health h WHERE h.receiver = d.receiver) THEN 'slow'
                    ELSE 'fast' END
    FROM (${HELD_FOR_OTHERS}) AS held
    WHERE d.id = held.id
    RETURNING d.id
  )
  SELECT count(*)::int AS count, max(id) AS last FROM moved`;

const HOLD_ON = `
  WITH moved AS (
    UPDATE deliveries d SET waiting_for = $5 FROM (${HELD_FOR_OTHERS}) AS held WHERE d.id = held.id RETURNING d.id
  )
  SELECT count(*)::int AS count, max(id) AS last FROM moved`;

/** Rows in one transaction: small, so that nothing waits long for their locks. */
const REVIEW_BATCH = 500;

/**
 * Makes the next 500 of what is held for an endpoint follow its state, from `afterId` on in id order: due now where it
 * takes deliveries again, else held for the reason that holds now. Returns where to go on; null: done.
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
    return { next: count === REVIEW_BATCH ? last : null, released: endpoint.reason === null ? count : 0 };
  });
}

/** Releases a batch of what is held, or holds it for another reason. Returns how many changed, and the last of them. */
export async function updateHeldBatch(
  db: Queryable,
  endpointId: string,
  reason: HoldReason | null,
  afterId: string,
): Promise<{ count: number; last: string | null }> {
  const values = [endpointId, HOLD_REASONS.filter((one) => one !== reason), REVIEW_BATCH, afterId];
  const { rows } = await (reason === null
    ? db.query<Moved>(RELEASE, values)
    : db.query<Moved>(HOLD_ON, [...values, reason]));
  return rows[0]!;
}

type Moved = { count: number; last: string | null };
