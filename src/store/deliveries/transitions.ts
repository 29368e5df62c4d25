import type pg from 'pg';
import type { DeliveryStatus, Outcome } from '../../policy/outcome.ts';

/** A delivery that has just changed its status, in the transaction that changed it. */
export type Transition = {
  id: string;
  projectId: string;
  eventId: string;
  endpointId: string | null;
  consumer: string | null;
  status: DeliveryStatus;
  attempts: number;
  step: number;
  /** The claim that moved it, or the last one before it was moved by other means. */
  epoch: number;
  /** The outcome of the attempt that moved it; null when no attempt did. */
  outcome: Outcome | null;
  nextAttemptAt: Date | null;
  reason: string | null;
};

/** The columns that a statement returns to make a Moved. */
export const TRANSITION_COLUMNS = `d.id, d.project_id AS "projectId", d.event_id AS "eventId", d.endpoint_id AS "endpointId",
  d.consumer, d.status, d.attempts, d.step, d.epoch, d.due_at AS "nextAttemptAt", d.reason`;

/**
 * The last parts of a WITH that has a part `moved`, of Moved's columns. Events are locked after their deliveries and in
 * key order, as everywhere. Whoever brings the open count to 0 settles the event, here, in the same transaction; the
 * outcomes are written with it, deliveries first.
 */
export const RECORD_TRANSITIONS = `
  closed AS (
    SELECT "projectId", "eventId", count(*) AS n, count(*) FILTER (WHERE status = 'delivered') AS delivered,
           count(*) FILTER (WHERE status = 'undeliverable') AS undeliverable
    FROM moved WHERE status IN ('delivered', 'undeliverable', 'cancelled')
    GROUP BY "projectId", "eventId"
  ), touched AS (
    SELECT e.project_id, e.id, closed.n, closed.delivered, closed.undeliverable
    FROM events e JOIN closed ON closed."projectId" = e.project_id AND closed."eventId" = e.id
    ORDER BY e.project_id, e.id
    FOR UPDATE OF e
  ), counted AS (
    UPDATE events e
    SET open_count = e.open_count - touched.n,
        delivered_count = e.delivered_count + touched.delivered,
        undeliverable_count = e.undeliverable_count + touched.undeliverable,
        status = CASE WHEN e.open_count > touched.n THEN 'pending'
                      WHEN e.undeliverable_count + touched.undeliverable > 0 THEN 'undeliverable'
                      WHEN e.delivered_count + touched.delivered > 0 THEN 'delivered'
                      ELSE 'cancelled' END,
        settled_at = CASE WHEN e.open_count > touched.n THEN NULL ELSE clock_timestamp() END
    FROM touched
    WHERE e.project_id = touched.project_id AND e.id = touched.id
    RETURNING e.project_id, e.id, e.consumer, e.status, e.open_count
  ), told AS (
    SELECT 1 AS place, "projectId" AS project_id, consumer, 'attempt.failed' AS kind, "eventId" AS event_id,
           id AS delivery_id, "endpointId" AS endpoint_id, status, outcome, attempts, "nextAttemptAt" AS next_attempt_at,
           NULL AS reason
    FROM moved WHERE outcome <> 'delivered'
    UNION ALL
    SELECT 2, "projectId", consumer, 'delivery.' || status, "eventId", id, "endpointId", status, outcome, attempts, NULL,
           reason
    FROM moved WHERE status IN ('delivered', 'undeliverable', 'cancelled')
    UNION ALL
    SELECT 3, project_id, consumer, 'event.settled', id, NULL, NULL, status, NULL, NULL, NULL, NULL
    FROM counted WHERE open_count = 0
  ), written_outcome AS (
    INSERT INTO outcomes (project_id, consumer, kind, event_id, delivery_id, endpoint_id, status, outcome, attempt,
                          next_attempt_at, reason)
    SELECT project_id, consumer, kind, event_id, delivery_id, endpoint_id, status, outcome, attempts, next_attempt_at,
           reason
    FROM told ORDER BY place
  )`;

const TELL = `
  WITH moved AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[],
                         $9::timestamptz[], $10::text[])
      AS m (id, "projectId", "eventId", "endpointId", consumer, status, attempts, outcome, "nextAttemptAt", reason)
  ), ${RECORD_TRANSITIONS}
  SELECT`;

/** Counts moved deliveries into their events, settles the events that have no open one left, and writes the outcomes. */
export async function recordTransitions(client: pg.PoolClient, moved: Transition[]): Promise<void> {
  if (moved.length === 0) return;
  await client.query({
    name: 'tell-moves',
    text: TELL,
    values: [
      moved.map((m) => m.id),
      moved.map((m) => m.projectId),
      moved.map((m) => m.eventId),
      moved.map((m) => m.endpointId),
      moved.map((m) => m.consumer),
      moved.map((m) => m.status),
      moved.map((m) => m.attempts),
      moved.map((m) => m.outcome),
      moved.map((m) => m.nextAttemptAt),
      moved.map((m) => m.reason),
    ],
  });
}

const SETTLE = `
  UPDATE deliveries d
  SET status = 'cancelled', reason = w.reason, due_at = NULL, claimed_at = NULL, cancel_reason = NULL, waiting_for = NULL,
      settled_at = clock_timestamp()
  FROM unnest($1::text[], $2::text[]) AS w (id, reason)
  WHERE d.id = w.id AND d.status IN ('pending', 'retrying', 'held')
  RETURNING ${TRANSITION_COLUMNS}, NULL AS outcome`;

/**
 * Cancels open deliveries that the caller has locked in id order and that no POST is under way for.
 * The caller tells of the moves, with all others of its transaction: events are locked once, in key order.
 */
export async function settleCancelled(
  client: pg.PoolClient,
  cancelled: { id: string; reason: string }[],
): Promise<Transition[]> {
  if (cancelled.length === 0) return [];
  const { rows } = await client.query<Transition>(SETTLE, [
    cancelled.map(({ id }) => id),
    cancelled.map(({ reason }) => reason),
  ]);
  return rows;
}

/** As settleCancelled, and tells of it. */
export async function cancelDeliveries(
  client: pg.PoolClient,
  cancelled: { id: string; reason: string }[],
): Promise<Transition[]> {
  const moved = await settleCancelled(client, cancelled);
  await recordTransitions(client, moved);
  return moved;
}
