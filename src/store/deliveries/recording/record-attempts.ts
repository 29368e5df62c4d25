import type pg from 'pg';
import { SCHEDULE_OWNER } from '../../../policy/owner.ts';
import type { PendingResync } from '../../endpoints/endpoint-status.ts';
import { disableGone, lockEndpointsOf } from '../../endpoints/gone-endpoints.ts';
import { floatArray, textArray } from '../../postgres/binary-arrays.ts';
import { inTransaction, type Queryable, retryOnConflict } from '../../postgres/database.ts';
import { applyFailures } from '../../receivers/failures/apply-failures.ts';
import { RECOVERED } from '../../receivers/failures/recovery.ts';
import type { GatedReceiver } from '../../receivers/gates/close-gates.ts';
import { isPaced, limitsAtOnce } from '../../receivers/gates/gates.ts';
import { isExpressOwnerSql } from '../express-owner-sql.ts';
import { LATENCY_MS, RECORD_TRANSITIONS, TRANSITION_COLUMNS } from '../transitions.ts';
import type { AttemptRecord, RecordedTransition } from './attempt-record.ts';
import { ATTEMPT_COLUMNS, ATTEMPT_PARAMETERS, attemptValues } from './attempt-values.ts';
import { areDelivered, recordDelivered } from './record-delivered.ts';

// Closes an open claim of the same epoch. A flush that is repeated after a lost acknowledgement, or that comes after the
// claim was written off, therefore changes nothing. The owner is not compared: if the workflow was lost during the
// attempt, a new owner waits for this record. Locks rows in id order. A single statement needs no BEGIN and COMMIT,
// which saves two round trips for each flush. An attempt without a workflow passes the delivery on, unless another owner
// has been given it meanwhile. A retry at a receiver that is paced returns to the queue in Postgres: what waits for a gate
// holds no workflow.
const RECORD = `
  WITH reported AS (
    SELECT * FROM unnest(${ATTEMPT_PARAMETERS}, $12::text[], $13::text[], $14::text[], $15::float8[], $16::text[], $17::text[])
      AS r (${ATTEMPT_COLUMNS}, outcome, error_code, error_message, retry_in_ms, next_owner, final_reason)
  ), locked AS (
    SELECT r.*, d.receiver, d.step, d.attempts, d.trigger, d.cancel_reason, coalesce(${isExpressOwnerSql('d.owner')}, false) AS is_express,
           CASE WHEN r.outcome = 'delivered' THEN 'delivered'
                WHEN d.cancel_reason IS NOT NULL THEN 'cancelled'
                WHEN r.retry_in_ms IS NULL THEN 'undeliverable'
                ELSE 'retrying' END AS next_status,
           (SELECT ${isPaced('gate')} FROM receiver_gates gate WHERE gate.receiver = d.receiver) AS is_paced,
           (SELECT ${limitsAtOnce('gate')} FROM receiver_gates gate WHERE gate.receiver = d.receiver) AS limits_at_once
    FROM deliveries d JOIN reported r ON r.id = d.id AND r.epoch = d.epoch
    WHERE d.claimed_at IS NOT NULL
    ORDER BY d.id
    FOR UPDATE OF d
  ), written AS (
    INSERT INTO attempts (delivery_id, epoch, number, step, trigger, started_at, duration_ms, outcome, status_code, resent,
                          request_url, request_headers, response_headers, response_body, response_truncated, error_code,
                          error_message)
    SELECT id, epoch, attempts + 1, step, trigger, started_at, duration_ms, outcome, status_code, resent, request_url,
           request_headers, response_headers, response_body, response_truncated, error_code, error_message
    FROM locked
    ON CONFLICT (delivery_id, epoch) DO NOTHING
  ), unlisted AS (
    DELETE FROM assigned_first_attempts WHERE delivery_id = ANY (ARRAY(SELECT id FROM locked))
  ), transition AS (
    UPDATE deliveries d
    SET status = l.next_status,
        step = CASE WHEN l.next_status = 'retrying' THEN d.step + 1 ELSE d.step END,
        attempts = d.attempts + 1,
        owner = CASE WHEN l.next_status <> 'retrying' THEN d.owner WHEN l.next_owner = '${SCHEDULE_OWNER}' THEN l.next_owner
                     WHEN l.is_paced THEN NULL WHEN l.is_express THEN l.next_owner ELSE d.owner END,
        workflow_id = CASE WHEN l.next_status = 'retrying' AND l.is_express AND l.is_paced IS NOT TRUE
                                AND l.next_owner IS DISTINCT FROM '${SCHEDULE_OWNER}' THEN l.next_owner
                           ELSE d.workflow_id END,
        lane = CASE WHEN l.next_status = 'retrying' AND l.is_paced AND d.lane = 'fast' THEN 'restricted' ELSE d.lane END,
        claimed_at = NULL,
        unknown_streak = 0,
        trigger = 'schedule',
        cancel_reason = NULL,
        due_at = CASE WHEN l.next_status = 'retrying' THEN clock_timestamp() + l.retry_in_ms * interval '1 millisecond' END,
        last_outcome = l.outcome,
        last_status_code = l.status_code,
        last_error_code = l.error_code,
        reason = CASE l.next_status WHEN 'undeliverable' THEN coalesce(l.final_reason, 'exhausted') WHEN 'cancelled' THEN l.cancel_reason END,
        settled_at = CASE WHEN l.next_status = 'retrying' THEN NULL ELSE clock_timestamp() END
    FROM locked l
    WHERE d.id = l.id
    RETURNING ${TRANSITION_COLUMNS}, l.outcome, d.owner, d.receiver, l.is_paced IS NOT NULL AS "hasGate",
              coalesce(l.limits_at_once, d.lane = 'restricted') AS "freesPlace", l.duration_ms AS "durationMs", l.status_code AS "statusCode",
              CASE WHEN d.status = 'delivered' THEN ${LATENCY_MS} END AS "latencyMs"
  ), ${RECORD_TRANSITIONS}, ${RECOVERED}
  SELECT id, "projectId", "eventId", "endpointId", consumer, status, attempts, step, epoch, "nextAttemptAt", reason, outcome,
         owner, receiver, "hasGate", "freesPlace"
  FROM transition`;

// Replaces the outcome of an attempt that was written off as unknown. The delivery has moved on and does not change.
const COMPLETE_UNKNOWN = `
  UPDATE attempts a
  SET outcome = r.outcome, status_code = r.status_code, started_at = r.started_at, duration_ms = r.duration_ms
  FROM unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::timestamptz[], $6::int[])
    AS r (id, epoch, outcome, status_code, started_at, duration_ms)
  WHERE a.delivery_id = r.id AND a.epoch = r.epoch AND a.outcome = 'unknown'`;

/**
 * `resyncs`: endpoints that these attempts have disabled, whose open deliveries have to be ended. `restricted`: receivers
 * that are sent less from now on, whose unassigned deliveries have to move to the restricted lane.
 */
export type RecordedAttempts = {
  transitions: RecordedTransition[];
  resyncs: PendingResync[];
  restricted: GatedReceiver[];
};

/**
 * Writes attempts, updates their deliveries, settles their events, writes the outcomes, and applies what the attempts say
 * about their receivers, in one transaction. A record without a transition had no open claim.
 */
export async function recordAttempts(pool: pg.Pool, records: AttemptRecord[]): Promise<RecordedAttempts> {
  const recorded = records.some(({ receiverFailure }) => receiverFailure !== null)
    ? await recordFailures(pool, records)
    : {
        transitions: await (areDelivered(records) ? recordSuccesses : recordOthers)(pool, records),
        resyncs: [],
        restricted: [],
      };
  const superseded = withoutTransition(records, recorded.transitions);
  if (superseded.length > 0) await completeUnknown(pool, superseded);
  return recorded;
}

const recordOthers = (pool: pg.Pool, records: AttemptRecord[]): Promise<RecordedTransition[]> =>
  retryOnConflict(() => writeAttempts(pool, records));

async function recordSuccesses(pool: pg.Pool, records: AttemptRecord[]): Promise<RecordedTransition[]> {
  const transitions = await retryOnConflict(() => recordDelivered(pool, records));
  const rest = withoutTransition(records, transitions);
  return rest.length > 0 ? [...transitions, ...(await recordOthers(pool, rest))] : transitions;
}

function withoutTransition(records: AttemptRecord[], transitions: RecordedTransition[]): AttemptRecord[] {
  if (transitions.length === records.length) return [];
  const done = new Set(transitions.map(({ id, epoch }) => `${id} ${epoch}`));
  return records.filter(({ id, epoch }) => !done.has(`${id} ${epoch}`));
}

/** A transaction, because endpoints are locked before deliveries, and the failures of receivers are counted after them. */
async function recordFailures(pool: pg.Pool, records: AttemptRecord[]): Promise<RecordedAttempts> {
  const recordOf = new Map(records.map((record) => [`${record.id} ${record.epoch}`, record]));
  const gone = records.filter(({ receiverFailure }) => receiverFailure?.instruction.kind === 'gone');
  return inTransaction(pool, async (client) => {
    if (gone.length > 0)
      await lockEndpointsOf(
        client,
        gone.map(({ id }) => id),
      );
    const transitions = await writeAttempts(client, records);
    // An attempt that was recorded before has no transition, and does not count again.
    const failed = transitions.flatMap((transition) => {
      const { receiverFailure, startedAt } = recordOf.get(`${transition.id} ${transition.epoch}`)!;
      return receiverFailure ? [{ ...transition, ...receiverFailure, startedAt }] : [];
    });
    const restricted = await applyFailures(client, failed);
    const responses = failed.flatMap(({ id, endpointId, instruction }) =>
      endpointId !== null && instruction.kind === 'gone' ? [{ endpointId, deliveryId: id }] : [],
    );
    const resyncs = responses.length > 0 ? await disableGone(client, responses) : [];
    return { transitions, resyncs, restricted };
  });
}

/** Without what the attempts mean for their endpoints. */
export async function writeAttempts(db: Queryable, records: AttemptRecord[]): Promise<RecordedTransition[]> {
  const { rows } = await db.query<RecordedTransition>({
    name: 'record-attempts',
    text: RECORD,
    values: [
      ...attemptValues(records),
      textArray(records.map((r) => r.outcome)),
      textArray(records.map((r) => r.errorCode)),
      textArray(records.map((r) => r.errorMessage)),
      floatArray(records.map((r) => r.retryInMs)),
      textArray(records.map((r) => r.nextOwner)),
      textArray(records.map((r) => r.finalReason)),
    ],
  });
  return rows;
}

async function completeUnknown(db: Queryable, records: AttemptRecord[]): Promise<void> {
  await db.query(COMPLETE_UNKNOWN, [
    records.map((r) => r.id),
    records.map((r) => r.epoch),
    records.map((r) => r.outcome),
    records.map((r) => r.statusCode),
    records.map((r) => r.startedAt),
    records.map((r) => r.durationMs),
  ]);
}
