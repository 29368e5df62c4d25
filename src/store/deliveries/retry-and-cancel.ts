import type pg from 'pg';
import { type DeliveryStatus, isFinalStatus } from '../../policy/outcome.ts';
import { SCHEDULE_OWNER, workflowOf } from '../../policy/owner.ts';
import { inTransaction } from '../postgres/database.ts';
import { newId } from '../postgres/ids.ts';
import { initialLane } from '../receivers/gates/gates.ts';
import { insertForEvents } from './insert-for-events.ts';
import { cancelDeliveries, requestCancel } from './transitions.ts';

export type RetryResult =
  | { kind: 'rescheduled' }
  | { kind: 'replayed'; deliveryId: string }
  | { kind: 'held' }
  /** The endpoint of a settled delivery has been deleted, so the delivery cannot be repeated (409). */
  | { kind: 'endpoint_deleted' }
  /** The event has expired (409). */
  | { kind: 'expired' }
  /** The body of the event has been removed (409). */
  | { kind: 'payload_removed' }
  | { kind: 'not_found' };

export type CancelResult =
  | { kind: 'cancelled' | 'cancelling' }
  | { kind: 'already_final'; status: string }
  | { kind: 'not_found' };

/** A result, and the workflow that has to be signalled once the result is committed. */
export type WithSignal<Result> = { result: Result; signal: { owner: string; ids: string[] } | null };

type DeliveryRow = {
  id: string;
  event_id: string;
  endpoint_id: string | null;
  status: DeliveryStatus;
  owner: string | null;
  claimed: boolean;
  expired: boolean;
  nowMs: number;
};

const ENDPOINT_OF = `
  SELECT endpoint_id FROM deliveries
  WHERE id = $1 AND project_id = $2 AND ($3::text IS NULL OR consumer = $3)`;

// Locked before the delivery, as in every transaction.
const LOCK_ENDPOINT = `SELECT status FROM endpoints WHERE id = $1 AND status <> 'deleted' FOR KEY SHARE`;

const LOCK_DELIVERY = `
  SELECT id, event_id, endpoint_id, status, owner, claimed_at IS NOT NULL AS claimed,
         coalesce((SELECT e.expires_at <= now() FROM events e
                   WHERE e.project_id = deliveries.project_id AND e.id = deliveries.event_id), false) AS expired,
         (extract(epoch FROM now()) * 1000)::float8 AS "nowMs"
  FROM deliveries
  WHERE id = $1 AND project_id = $2 AND ($3::text IS NULL OR consumer = $3)
  FOR UPDATE`;

// Locked before its body is needed: the retention of payloads waits, and then finds an open delivery.
const LOCK_EVENT = `
  SELECT payload_removed_at IS NOT NULL AS removed FROM events WHERE project_id = $1 AND id = $2 FOR NO KEY UPDATE`;

const RETRY_NOW = `
  UPDATE deliveries
  SET due_at = least(due_at, now()), trigger = 'manual', owner = nullif(owner, '${SCHEDULE_OWNER}'),
      lane = CASE WHEN owner = '${SCHEDULE_OWNER}' AND lane <> 'isolated' THEN ${initialLane('deliveries.receiver')} ELSE lane END
  WHERE id = $1`;

const REPLAY = `
  WITH copy AS MATERIALIZED (
    SELECT $2::text AS new_id, event_id, endpoint_id, receiver, consumer, policy, test, id AS replay_of, sequence,
           (SELECT e.expires_at FROM events e WHERE e.project_id = $3 AND e.id = deliveries.event_id) AS expires_at
    FROM deliveries WHERE id = $1
  ), replayed AS (
    UPDATE deliveries SET replayed_by = $2 WHERE id = $1
  ), ${insertForEvents({ project: '$3', lane: initialLane('copy.receiver'), dueAt: 'now()' })}
  SELECT id FROM inserted`;

/** Makes the next attempt due now, or creates a new delivery that repeats a settled one. */
export async function retryDelivery(
  pool: pg.Pool,
  projectId: string,
  consumer: string | null,
  id: string,
): Promise<WithSignal<RetryResult>> {
  return inTransaction(pool, async (client) => {
    const scope = [id, projectId, consumer];
    const endpointId = (await client.query<Pick<DeliveryRow, 'endpoint_id'>>(ENDPOINT_OF, scope)).rows[0]
      ?.endpoint_id;
    const isEndpointPresent = endpointId
      ? (await client.query(LOCK_ENDPOINT, [endpointId])).rows.length > 0
      : true;
    const row = (await client.query<DeliveryRow>(LOCK_DELIVERY, scope)).rows[0];
    if (!row) return { result: { kind: 'not_found' }, signal: null };
    if (row.expired) return { result: { kind: 'expired' }, signal: null };
    if (row.status === 'held') return { result: { kind: 'held' }, signal: null };
    if (row.status === 'pending' || row.status === 'retrying') {
      // During an attempt nothing is rescheduled: that attempt already is what the caller asks for.
      if (!row.claimed) await client.query(RETRY_NOW, [id]);
      const workflowId = workflowOf(row.owner);
      const signal = workflowId && !row.claimed ? { owner: workflowId, ids: [id] } : null;
      return { result: { kind: 'rescheduled' }, signal };
    }
    if (!isEndpointPresent) return { result: { kind: 'endpoint_deleted' }, signal: null };
    const event = await client.query<{ removed: boolean }>(LOCK_EVENT, [projectId, row.event_id]);
    if (event.rows[0]?.removed) return { result: { kind: 'payload_removed' }, signal: null };
    const deliveryId = newId('dlv', row.nowMs);
    await client.query(REPLAY, [id, deliveryId, projectId]);
    return { result: { kind: 'replayed', deliveryId }, signal: null };
  });
}

/**
 * Cancels an open delivery. During an attempt, the cancellation takes effect when the attempt is recorded, unless the
 * attempt has succeeded.
 */
export async function cancelDelivery(
  pool: pg.Pool,
  projectId: string,
  consumer: string | null,
  id: string,
): Promise<WithSignal<CancelResult>> {
  return inTransaction(pool, async (client) => {
    const row = (await client.query<DeliveryRow>(LOCK_DELIVERY, [id, projectId, consumer])).rows[0];
    if (!row) return { result: { kind: 'not_found' }, signal: null };
    if (isFinalStatus(row.status)) {
      return { result: { kind: 'already_final', status: row.status }, signal: null };
    }
    if (row.claimed) {
      await requestCancel(client, [id], 'cancelled');
      return { result: { kind: 'cancelling' }, signal: null };
    }
    await cancelDeliveries(client, [{ id, reason: 'cancelled' }]);
    const workflowId = workflowOf(row.owner);
    return { result: { kind: 'cancelled' }, signal: workflowId ? { owner: workflowId, ids: [id] } : null };
  });
}
