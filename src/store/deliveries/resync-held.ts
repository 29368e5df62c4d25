import type pg from 'pg';
import { isGone } from '../endpoints/gone-endpoints.ts';
import { HOLD_REASONS, type HoldReason, holdReason } from '../endpoints/hold-reason.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { startDrain } from '../receivers/gates/drain.ts';
import { type EndedOfOwner, endOpenBatch } from './end-gone.ts';

// Locked before the deliveries, as in every transaction. Until this transaction ends, the endpoint cannot be resumed or
// deleted. It can be paused; deliveries that are released after that are held again when they are claimed.
const LOCK_ENDPOINT = `
  SELECT ${holdReason('e')} AS reason, ${isGone('e')} AS gone FROM endpoints e WHERE id = $1 AND status <> 'deleted' FOR KEY SHARE`;

const HELD_FOR_OTHER_REASONS = `
  SELECT id FROM deliveries
  WHERE endpoint_id = $1 AND id > $4 AND waiting_for IS NOT NULL AND waiting_for = ANY ($2::text[])
  ORDER BY id LIMIT $3
  FOR UPDATE`;

const COUNT_HELD = `
  SELECT count(*)::int AS n, min(project_id) AS "projectId"
  FROM (SELECT project_id FROM deliveries WHERE endpoint_id = $1 AND id > $2 AND waiting_for IS NOT NULL LIMIT $3) AS held`;

// They keep their order: the queues of receivers are read by due time.
const RELEASE = `
  WITH changed AS (
    UPDATE deliveries d
    SET status = CASE WHEN d.attempts = 0 THEN 'pending' ELSE 'retrying' END,
        waiting_for = NULL, owner = NULL, due_at = now() + held.n * interval '1 microsecond',
        lane = CASE WHEN d.lane = 'isolated' THEN 'isolated'
                    WHEN EXISTS (SELECT FROM receiver_gates gate WHERE gate.receiver = d.receiver) THEN 'restricted'
                    ELSE 'fast' END
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM (${HELD_FOR_OTHER_REASONS}) AS locked) AS held
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

/** `next`: the id to continue after, null when done. `ended`: of an endpoint that is gone, by workflow. */
export type ResyncedBatch = {
  next: string | null;
  released: number;
  ended: EndedOfOwner[];
  /** The projects for which outcomes were written. */
  projectIds: string[];
};

/**
 * Brings the next 500 held deliveries of an endpoint after `afterId`, in id order, in line with the endpoint's state. If
 * the endpoint receives deliveries again, they become due now, at the step they had reached; otherwise their hold reason
 * is updated. Many go out at `drainRate` a second (0: at once). If the endpoint is gone, its open deliveries end, whether they are held or not.
 */
export async function resyncHeld(
  pool: pg.Pool,
  endpointId: string,
  afterId: string,
  drainRate: number,
): Promise<ResyncedBatch> {
  return inTransaction(pool, async (client) => {
    type Row = { reason: HoldReason | null; gone: boolean };
    const endpoint = (await client.query<Row>(LOCK_ENDPOINT, [endpointId])).rows[0];
    if (!endpoint) return { next: null, released: 0, ended: [], projectIds: [] };
    if (endpoint.gone) {
      const { count, last, ...batch } = await endOpenBatch(client, endpointId, afterId, RESYNC_BATCH);
      return { next: count === RESYNC_BATCH ? last : null, released: 0, ...batch };
    }
    if (endpoint.reason === null) await drainHeld(client, endpointId, afterId, drainRate);
    const { count, last } = await updateHeldBatch(client, endpointId, endpoint.reason, afterId);
    const released = endpoint.reason === null ? count : 0;
    return { next: count === RESYNC_BATCH ? last : null, released, ended: [], projectIds: [] };
  });
}

/** Makes what was held go out evenly, if it is much. */
async function drainHeld(
  client: pg.PoolClient,
  endpointId: string,
  afterId: string,
  drainRate: number,
): Promise<void> {
  const values = [endpointId, afterId, drainRate + 1];
  const { n, projectId } = (await client.query<{ n: number; projectId: string }>(COUNT_HELD, values))
    .rows[0]!;
  await startDrain(client, { receiver: endpointId, projectId }, n, drainRate);
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
