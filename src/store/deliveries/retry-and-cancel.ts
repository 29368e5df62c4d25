import type pg from 'pg';
import type { DeliveryStatus } from '../../policy/outcome.ts';
import { inTransaction } from '../postgres/database.ts';
import { newId } from '../postgres/ids.ts';
import { cancelDeliveries } from './transitions.ts';

export type RetryResult =
  | { kind: 'brought_forward' }
  | { kind: 'replayed'; deliveryId: string }
  | { kind: 'held' }
  /** The endpoint of a settled delivery is gone: there is nowhere to send it again (409). */
  | { kind: 'endpoint_deleted' }
  | { kind: 'not_found' };

export type CancelResult =
  | { kind: 'cancelled' | 'cancelling' }
  | { kind: 'already_final'; status: string }
  | { kind: 'not_found' };

/** An answer, and the workflow that has to hear of it once the answer is committed. */
export type WithSignal<Answer> = { result: Answer; signal: { owner: string; ids: string[] } | null };

export type Row = {
  id: string;
  event_id: string;
  endpoint_id: string | null;
  status: DeliveryStatus;
  owner: string | null;
  claimed: boolean;
  nowMs: number;
};

const ENDPOINT_OF = `
  SELECT endpoint_id FROM deliveries
  WHERE id = $1 AND project_id = $2 AND ($3::text IS NULL OR consumer = $3)`;

// Before the delivery, as ingest and deletion do.
const LOCK_ENDPOINT = `SELECT status FROM endpoints WHERE id = $1 AND status <> 'deleted' FOR KEY SHARE`;

const LOCK_DELIVERY = `
  SELECT id, event_id, endpoint_id, status, owner, claimed_at IS NOT NULL AS claimed,
         (extract(epoch FROM now()) * 1000)::float8 AS "nowMs"
  FROM deliveries
  WHERE id = $1 AND project_id = $2 AND ($3::text IS NULL OR consumer = $3)
  FOR UPDATE`;

const BRING_FORWARD = `UPDATE deliveries SET due_at = least(due_at, now()), trigger = 'manual' WHERE id = $1`;

const REPLAY = `
  WITH event AS (
    UPDATE events SET status = 'pending', settled_at = NULL, open_count = open_count + 1, delivery_count = delivery_count + 1
    WHERE project_id = $3 AND id = (SELECT event_id FROM deliveries WHERE id = $1)
  )
  INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, consumer, policy, status, trigger, lane, due_at,
                          replay_of, created_at)
  SELECT $2, project_id, event_id, endpoint_id, receiver, consumer, policy, 'pending', 'manual',
         CASE WHEN EXISTS (SELECT FROM receiver_health h WHERE h.receiver = deliveries.receiver) THEN 'slow' ELSE 'fast' END,
         now(), id, now()
  FROM deliveries WHERE id = $1`;

/** Brings the next attempt forward, or makes a new delivery out of a settled one. */
export async function retryDelivery(
  pool: pg.Pool,
  projectId: string,
  consumer: string | null,
  id: string,
): Promise<WithSignal<RetryResult>> {
  return inTransaction(pool, async (client) => {
    const scope = [id, projectId, consumer];
    const endpointId = (await client.query<Pick<Row, 'endpoint_id'>>(ENDPOINT_OF, scope)).rows[0]
      ?.endpoint_id;
    const endpointIsThere = endpointId
      ? (await client.query(LOCK_ENDPOINT, [endpointId])).rows.length > 0
      : true;
    const row = (await client.query<Row>(LOCK_DELIVERY, scope)).rows[0];
    if (!row) return { result: { kind: 'not_found' }, signal: null };
    if (row.status === 'held') return { result: { kind: 'held' }, signal: null };
    if (row.status === 'pending' || row.status === 'retrying') {
      // During a POST, that POST is the answer.
      if (!row.claimed) await client.query(BRING_FORWARD, [id]);
      const signal = row.owner && !row.claimed ? { owner: row.owner, ids: [id] } : null;
      return { result: { kind: 'brought_forward' }, signal };
    }
    if (!endpointIsThere) return { result: { kind: 'endpoint_deleted' }, signal: null };
    const deliveryId = newId('dlv', row.nowMs);
    await client.query(REPLAY, [id, deliveryId, projectId]);
    return { result: { kind: 'replayed', deliveryId }, signal: null };
  });
}

export const REQUEST_CANCEL = `UPDATE deliveries SET cancel_reason = $2 WHERE id = ANY ($1::text[])`;

/** Cancels an open delivery; one whose POST is under way is cancelled by the record of it, unless that says 2xx. */
export async function cancelDelivery(
  pool: pg.Pool,
  projectId: string,
  consumer: string | null,
  id: string,
): Promise<WithSignal<CancelResult>> {
  return inTransaction(pool, async (client) => {
    const row = (await client.query<Row>(LOCK_DELIVERY, [id, projectId, consumer])).rows[0];
    if (!row) return { result: { kind: 'not_found' }, signal: null };
    if (row.status === 'delivered' || row.status === 'undeliverable' || row.status === 'cancelled') {
      return { result: { kind: 'already_final', status: row.status }, signal: null };
    }
    if (row.claimed) {
      await client.query(REQUEST_CANCEL, [[id], 'cancelled']);
      return { result: { kind: 'cancelling' }, signal: null };
    }
    await cancelDeliveries(client, [{ id, reason: 'cancelled' }]);
    return { result: { kind: 'cancelled' }, signal: row.owner ? { owner: row.owner, ids: [id] } : null };
  });
}
