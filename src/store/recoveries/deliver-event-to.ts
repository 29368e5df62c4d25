import type pg from 'pg';
import { OPEN_STATUSES } from '../../policy/outcome.ts';
import { insertForEvents } from '../deliveries/insert-for-events.ts';
import { hasStatus } from '../deliveries/status-sql.ts';
import { policyForEndpoint } from '../events/accept/endpoint-policies.ts';
import { inTransaction } from '../postgres/database.ts';
import { newId } from '../postgres/ids.ts';
import { initialLane } from '../receivers/gates/gates.ts';
import type { Scope } from '../scope.ts';

export type DeliverEventResult =
  | { kind: 'created'; deliveryId: string }
  /** A delivery of the event to the endpoint is open. */
  | { kind: 'open'; deliveryId: string }
  /** There is no such event or endpoint for this caller. */
  | { kind: 'not_found' }
  /** The event has expired. */
  | { kind: 'expired' }
  /** The event belongs to another consumer than the endpoint. */
  | { kind: 'other_consumer' }
  /** The body of the event has been removed. */
  | { kind: 'payload_removed' };

// Locked before deliveries and the event, as in every transaction. A deleted endpoint cannot get a delivery afterwards.
const LOCK_ENDPOINT = `
  SELECT consumer, policy FROM endpoints
  WHERE id = $1 AND project_id = $2 AND status <> 'deleted' AND ($3::text IS NULL OR consumer = $3)
    AND ($4::timestamptz IS NULL OR created_at >= $4)
  FOR KEY SHARE`;

const LOCK_DELIVERIES = `
  SELECT id FROM deliveries WHERE project_id = $1 AND event_id = $2 AND endpoint_id = $3 ORDER BY id FOR UPDATE`;

const LOCK_EVENT = `
  SELECT consumer, coalesce(expires_at <= now(), false) AS expired,
         payload_removed_at IS NOT NULL AS removed,
         (extract(epoch FROM now()) * 1000)::float8 AS "nowMs"
  FROM events
  WHERE project_id = $1 AND id = $2 AND ($3::text IS NULL OR consumer = $3)
    AND ($4::timestamptz IS NULL OR created_at >= $4)
  FOR UPDATE`;

// Read after the event is locked: two calls at the same time would otherwise both find none.
const LAST_DELIVERIES = `
  SELECT id, ${hasStatus('status', OPEN_STATUSES)} AS open
  FROM deliveries WHERE project_id = $1 AND event_id = $2 AND endpoint_id = $3
  ORDER BY id DESC`;

const CREATE = `
  WITH copy AS MATERIALIZED (
    SELECT $1::text AS new_id, event.id AS event_id, endpoint.id AS endpoint_id, endpoint.id AS receiver, event.consumer,
           $5::text AS policy, event.test, $6::text AS replay_of, event.sequence, event.expires_at
    FROM events event, endpoints endpoint
    WHERE event.project_id = $2 AND event.id = $3 AND endpoint.id = $4
  ), replayed AS (
    UPDATE deliveries SET replayed_by = coalesce(replayed_by, $1) WHERE id = $6
  ), ${insertForEvents({ project: '$2', lane: initialLane('copy.receiver'), dueAt: 'now()' })}
  SELECT id FROM inserted`;

/**
 * Sends an event to one more endpoint, whatever it subscribed to. If it was sent there before, the new delivery replays the
 * last one. `policy`: that of the project, as canonical text.
 */
export async function deliverEventTo(
  pool: pg.Pool,
  { projectId, consumer, since = null }: Scope,
  eventId: string,
  endpointId: string,
  policy: string,
): Promise<DeliverEventResult> {
  return inTransaction(pool, async (client) => {
    const endpoint = await client.query<{ consumer: string | null; policy: string | null }>(LOCK_ENDPOINT, [
      ...[endpointId, projectId, consumer, since],
    ]);
    await client.query(LOCK_DELIVERIES, [projectId, eventId, endpointId]);
    type EventRow = { consumer: string | null; expired: boolean; removed: boolean; nowMs: number };
    const event = await client.query<EventRow>(LOCK_EVENT, [...[projectId, eventId, consumer, since]]);
    if (!endpoint.rows[0] || !event.rows[0]) return { kind: 'not_found' };
    if (endpoint.rows[0].consumer !== event.rows[0].consumer) return { kind: 'other_consumer' };
    if (event.rows[0].expired) return { kind: 'expired' };
    if (event.rows[0].removed) return { kind: 'payload_removed' };
    const { rows } = await client.query<{ id: string; open: boolean }>(LAST_DELIVERIES, [
      ...[projectId, eventId, endpointId],
    ]);
    const open = rows.find((delivery) => delivery.open);
    if (open) return { kind: 'open', deliveryId: open.id };
    const deliveryId = newId('dlv', event.rows[0].nowMs);
    const replayOf = rows[0]?.id ?? null;
    const itsPolicy = policyForEndpoint(policy, endpoint.rows[0].policy);
    await client.query(CREATE, [deliveryId, projectId, eventId, endpointId, itsPolicy, replayOf]);
    return { kind: 'created', deliveryId };
  });
}
