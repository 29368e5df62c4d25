import type pg from 'pg';
import { type DeliveryStatus, FINAL_STATUSES, OPEN_STATUSES, type Outcome } from '../../policy/outcome.ts';
import { hasStatus } from './status-sql.ts';

/** A delivery whose status or step has just changed, as seen by the transaction that changed it. */
export type Transition = {
  id: string;
  projectId: string;
  eventId: string;
  endpointId: string | null;
  consumer: string | null;
  status: DeliveryStatus;
  attempts: number;
  step: number;
  /** The epoch of the claim that caused the transition, or of the last claim before it. */
  epoch: number;
  /** The outcome of the attempt that caused the transition; null if no attempt did. */
  outcome: Outcome | null;
  nextAttemptAt: Date | null;
  reason: string | null;
};

/** The columns that a statement returns for a Transition, except `outcome`. */
export const TRANSITION_COLUMNS = `d.id, d.project_id AS "projectId", d.event_id AS "eventId", d.endpoint_id AS "endpointId",
  d.consumer, d.status, d.attempts, d.step, d.epoch, d.due_at AS "nextAttemptAt", d.reason`;

/**
 * SQL: milliseconds from a delivery's creation to now, for the outcome of a delivered one. Both ends come from the clock of
 * Postgres, one of them as a process has estimated it, so the difference may be slightly negative.
 */
export const LATENCY_MS = `least(greatest(date_part('epoch', clock_timestamp() - d.created_at) * 1000, 0), 2147483647)::int`;

/**
 * SQL: the last parts of a WITH that has a part `transition` with the columns of Transition, and of the attempt that caused
 * it `durationMs`, `statusCode` and, if it delivered, `latencyMs`. Locks events after their
 * deliveries and in key order, as every transaction does. Decrements their counts of open deliveries, settles the events
 * that have none left, and writes the outcomes, those of deliveries before those of events.
 */
export const RECORD_TRANSITIONS = `
  closed AS (
    SELECT "projectId", "eventId", count(*) AS n, count(*) FILTER (WHERE status = 'delivered') AS delivered,
           count(*) FILTER (WHERE status = 'undeliverable') AS undeliverable
    FROM transition WHERE ${hasStatus('status', FINAL_STATUSES)}
    GROUP BY "projectId", "eventId"
  ), locked_event AS (
    SELECT e.project_id, e.id, closed.n, closed.delivered, closed.undeliverable
    FROM events e JOIN closed ON closed."projectId" = e.project_id AND closed."eventId" = e.id
    ORDER BY e.project_id, e.id
    FOR UPDATE OF e
  ), counted AS (
    UPDATE events e
    SET open_count = e.open_count - locked_event.n,
        delivered_count = e.delivered_count + locked_event.delivered,
        undeliverable_count = e.undeliverable_count + locked_event.undeliverable,
        status = CASE WHEN e.open_count > locked_event.n THEN 'pending'
                      WHEN e.undeliverable_count + locked_event.undeliverable > 0 THEN 'undeliverable'
                      WHEN e.delivered_count + locked_event.delivered > 0 THEN 'delivered'
                      ELSE 'cancelled' END,
        settled_at = CASE WHEN e.open_count > locked_event.n THEN NULL ELSE clock_timestamp() END
    FROM locked_event
    WHERE e.project_id = locked_event.project_id AND e.id = locked_event.id
    RETURNING e.project_id, e.id, e.consumer, e.status, e.open_count
  ), recorded AS (
    SELECT 1 AS position, "projectId" AS project_id, consumer, 'attempt.failed' AS kind, "eventId" AS event_id,
           id AS delivery_id, "endpointId" AS endpoint_id, status, outcome, attempts, "nextAttemptAt" AS next_attempt_at,
           NULL AS reason, "durationMs" AS duration_ms, "statusCode" AS status_code, NULL::int AS latency_ms
    FROM transition WHERE outcome <> 'delivered'
    UNION ALL
    SELECT 2, "projectId", consumer, 'delivery.' || status, "eventId", id, "endpointId", status, outcome, attempts, NULL,
           reason, "durationMs", "statusCode", "latencyMs"
    FROM transition WHERE ${hasStatus('status', FINAL_STATUSES)}
    UNION ALL
    SELECT 3, project_id, consumer, 'event.settled', id, NULL, NULL, status, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM counted WHERE open_count = 0
  ), written_outcome AS (
    INSERT INTO outcomes (project_id, consumer, kind, event_id, delivery_id, endpoint_id, status, outcome, attempt,
                          next_attempt_at, reason, duration_ms, status_code, latency_ms)
    SELECT project_id, consumer, kind, event_id, delivery_id, endpoint_id, status, outcome, attempts, next_attempt_at,
           reason, duration_ms, status_code, latency_ms
    FROM recorded ORDER BY position
  )`;

// None of these transitions was caused by an attempt with a response.
const RECORD = `
  WITH transition AS (
    SELECT *, NULL::int AS "durationMs", NULL::int AS "statusCode", NULL::int AS "latencyMs"
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[],
                         $9::timestamptz[], $10::text[])
      AS m (id, "projectId", "eventId", "endpointId", consumer, status, attempts, outcome, "nextAttemptAt", reason)
  ), ${RECORD_TRANSITIONS}
  SELECT`;

/** Updates the counts of the events, settles events that have no open delivery left, and writes the outcomes. */
export async function recordTransitions(client: pg.PoolClient, transitions: Transition[]): Promise<void> {
  if (transitions.length === 0) return;
  await client.query({
    name: 'record-transitions',
    text: RECORD,
    values: [
      transitions.map((m) => m.id),
      transitions.map((m) => m.projectId),
      transitions.map((m) => m.eventId),
      transitions.map((m) => m.endpointId),
      transitions.map((m) => m.consumer),
      transitions.map((m) => m.status),
      transitions.map((m) => m.attempts),
      transitions.map((m) => m.outcome),
      transitions.map((m) => m.nextAttemptAt),
      transitions.map((m) => m.reason),
    ],
  });
}

const CANCEL = `
  UPDATE deliveries d
  SET status = 'cancelled', reason = w.reason, due_at = NULL, claimed_at = NULL, cancel_reason = NULL, waiting_for = NULL,
      settled_at = clock_timestamp()
  FROM unnest($1::text[], $2::text[]) AS w (id, reason)
  WHERE d.id = w.id AND ${hasStatus('d.status', OPEN_STATUSES)}
  RETURNING ${TRANSITION_COLUMNS}, NULL AS outcome`;

/**
 * Cancels open deliveries. The caller has locked them in id order, and none of them has an open claim. Returns the
 * transitions, which the caller has to record together with all others of its transaction: events are locked only once,
 * in key order.
 */
export async function settleCancelled(
  client: pg.PoolClient,
  cancelled: { id: string; reason: string }[],
): Promise<Transition[]> {
  if (cancelled.length === 0) return [];
  const { rows } = await client.query<Transition>(CANCEL, [
    cancelled.map(({ id }) => id),
    cancelled.map(({ reason }) => reason),
  ]);
  return rows;
}

/** Like settleCancelled, but also records the transitions. */
export async function cancelDeliveries(
  client: pg.PoolClient,
  cancelled: { id: string; reason: string }[],
): Promise<Transition[]> {
  const transitions = await settleCancelled(client, cancelled);
  await recordTransitions(client, transitions);
  return transitions;
}

const REQUEST_CANCEL = `UPDATE deliveries SET cancel_reason = $2 WHERE id = ANY ($1::text[])`;

/** Marks deliveries with an open claim as to be cancelled; recording or releasing the claim cancels them. */
export async function requestCancel(client: pg.PoolClient, ids: string[], reason: string): Promise<void> {
  await client.query(REQUEST_CANCEL, [ids, reason]);
}
