import type { Queryable } from '../../postgres/database.ts';
import { limitsAtOnce } from '../../receivers/gates/gates.ts';
import { LATENCY_MS } from '../transitions.ts';
import type { AttemptRecord, RecordedTransition } from './attempt-record.ts';
import { ATTEMPT_COLUMNS, ATTEMPT_PARAMETERS, attemptValues } from './attempt-values.ts';

/*
 * Most records say that a receiver has accepted its request. A statement for these alone has half of the parts of the one
 * for all outcomes. It does the same, except that it leaves out deliveries whose receiver has failed before: their records
 * also end the failures in a row, which the other statement does.
 */

// Locks deliveries in id order, then events in key order, as every transaction does. Events are locked by their update, which
// joins them one by one in the order of `closed`. Without its ORDER BY, the groups would come in the order of a hash table,
// and two records with deliveries of the same events would deadlock.
const RECORD_DELIVERED = `
  WITH locked AS (
    SELECT r.*, d.step, d.attempts, d.trigger,
           (SELECT ${limitsAtOnce('gate')} FROM receiver_gates gate WHERE gate.receiver = d.receiver) AS limits_at_once
    FROM unnest(${ATTEMPT_PARAMETERS}) AS r (${ATTEMPT_COLUMNS})
    JOIN deliveries d ON d.id = r.id AND d.epoch = r.epoch
    WHERE d.claimed_at IS NOT NULL
      AND (SELECT true FROM receiver_failures f WHERE f.receiver = d.receiver) IS NULL
    ORDER BY d.id
    FOR UPDATE OF d
  ), written AS (
    INSERT INTO attempts (delivery_id, epoch, number, step, trigger, started_at, duration_ms, outcome, status_code, resent,
                          request_url, request_headers, response_headers, response_body, response_truncated)
    SELECT id, epoch, attempts + 1, step, trigger, started_at, duration_ms, 'delivered', status_code, resent, request_url,
           request_headers, response_headers, response_body, response_truncated
    FROM locked
    ON CONFLICT (delivery_id, epoch) DO NOTHING
  ), unlisted AS (
    DELETE FROM assigned_first_attempts WHERE delivery_id = ANY (ARRAY(SELECT id FROM locked))
  ), transition AS (
    UPDATE deliveries d
    SET status = 'delivered', attempts = d.attempts + 1, claimed_at = NULL, unknown_streak = 0, trigger = 'schedule',
        cancel_reason = NULL, due_at = NULL, last_outcome = 'delivered', last_status_code = l.status_code,
        last_error_code = NULL, reason = NULL, settled_at = clock_timestamp()
    FROM locked l
    WHERE d.id = l.id
    RETURNING d.id, d.project_id AS "projectId", d.event_id AS "eventId", d.endpoint_id AS "endpointId", d.consumer,
              d.attempts, d.step, d.epoch, d.owner, d.receiver, l.limits_at_once IS NOT NULL AS "hasGate",
              coalesce(l.limits_at_once, d.lane = 'restricted') AS "freesPlace",
              l.duration_ms, l.status_code, ${LATENCY_MS} AS latency_ms
  ), closed AS (
    SELECT "projectId" AS project_id, "eventId" AS event_id, count(*) AS n FROM transition
    GROUP BY "projectId", "eventId"
    ORDER BY "projectId", "eventId"
  ), counted AS (
    UPDATE events e
    SET open_count = e.open_count - closed.n,
        delivered_count = e.delivered_count + closed.n,
        status = CASE WHEN e.open_count > closed.n THEN 'pending' WHEN e.undeliverable_count > 0 THEN 'undeliverable'
                      ELSE 'delivered' END,
        settled_at = CASE WHEN e.open_count > closed.n THEN NULL ELSE clock_timestamp() END
    FROM closed
    WHERE e.project_id = closed.project_id AND e.id = closed.event_id
    RETURNING e.project_id, e.id, e.consumer, e.status, e.open_count
  ), written_outcome AS (
    INSERT INTO outcomes (project_id, consumer, kind, event_id, delivery_id, endpoint_id, status, outcome, attempt,
                          duration_ms, status_code, latency_ms)
    SELECT project_id, consumer, kind, event_id, delivery_id, endpoint_id, status, outcome, attempts, duration_ms,
           status_code, latency_ms
    FROM (
      SELECT 1 AS position, "projectId" AS project_id, consumer, 'delivery.delivered' AS kind, "eventId" AS event_id,
             id AS delivery_id, "endpointId" AS endpoint_id, 'delivered' AS status, 'delivered' AS outcome, attempts,
             duration_ms, status_code, latency_ms
      FROM transition
      UNION ALL
      SELECT 2, project_id, consumer, 'event.settled', id, NULL, NULL, status, NULL, NULL, NULL, NULL, NULL
      FROM counted WHERE open_count = 0
    ) AS recorded
    ORDER BY position
  )
  SELECT id, "projectId", "eventId", "endpointId", consumer, attempts, step, epoch, owner, receiver, "hasGate", "freesPlace"
  FROM transition`;

type DeliveredRow = Omit<RecordedTransition, 'status' | 'outcome' | 'nextAttemptAt' | 'reason'>;

/** Whether recordDelivered can record all of these. */
export const areDelivered = (records: AttemptRecord[]): boolean =>
  records.every(
    ({ outcome, errorCode, errorMessage }) => outcome === 'delivered' && !errorCode && !errorMessage,
  );

/** Records deliveries whose receivers have no failures. Those without a transition have to be recorded by writeAttempts. */
export async function recordDelivered(
  db: Queryable,
  records: AttemptRecord[],
): Promise<RecordedTransition[]> {
  const { rows } = await db.query<DeliveredRow>({
    name: 'record-delivered',
    text: RECORD_DELIVERED,
    values: attemptValues(records),
  });
  return rows.map((row) => ({
    ...row,
    status: 'delivered',
    outcome: 'delivered',
    nextAttemptAt: null,
    reason: null,
  }));
}
