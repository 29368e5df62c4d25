import type { Outcome } from '../../policy/outcome.ts';
import {
  booleanArray,
  byteaArray,
  floatArray,
  intArray,
  textArray,
  timestampArray,
} from '../postgres/binary-arrays.ts';
import { type Queryable, retryOnConflict } from '../postgres/database.ts';
import { isExpressOwnerSql } from './express-owner-sql.ts';
import { RECORD_TRANSITIONS, TRANSITION_COLUMNS, type Transition } from './transitions.ts';

/** A finished attempt, as stored in Postgres. */
export type AttemptRecord = {
  id: string;
  epoch: number;
  startedAt: Date;
  durationMs: number;
  outcome: Outcome;
  statusCode: number | null;
  resent: boolean;
  requestUrl: string | null;
  /** JSON in bytea: a header value may hold bytes that Postgres refuses in text. */
  requestHeaders: Buffer | null;
  responseHeaders: Buffer | null;
  responseBody: Buffer | null;
  responseTruncated: boolean;
  errorCode: string | null;
  errorMessage: string | null;
  /** Milliseconds until the next attempt if this one failed; null if it was the last. */
  retryInMs: number | null;
  /** The workflow that makes the next attempt, if this one had no workflow. Null: the delivery waits to be assigned. */
  nextOwner: string | null;
};

// Closes an open claim of the same epoch. A flush that is repeated after a lost acknowledgement, or that comes after the
// claim was written off, therefore changes nothing. The owner is not compared: if the workflow was lost during the
// attempt, a new owner waits for this record. Locks rows in id order. A single statement needs no BEGIN and COMMIT,
// which saves two round trips for each flush. An attempt without a workflow passes the delivery on, unless another owner
// has been given it meanwhile.
const RECORD = `
  WITH reported AS (
    SELECT * FROM unnest($1::text[], $2::int[], $3::timestamptz[], $4::int[], $5::text[], $6::int[], $7::boolean[],
                         $8::text[], $9::bytea[], $10::bytea[], $11::bytea[], $12::boolean[], $13::text[], $14::text[],
                         $15::float8[], $16::text[])
      AS r (id, epoch, started_at, duration_ms, outcome, status_code, resent, request_url, request_headers,
            response_headers, response_body, response_truncated, error_code, error_message, retry_in_ms, next_owner)
  ), locked AS (
    SELECT r.*, d.step, d.attempts, d.trigger, d.cancel_reason, coalesce(${isExpressOwnerSql('d.owner')}, false) AS is_express,
           CASE WHEN r.outcome = 'delivered' THEN 'delivered'
                WHEN d.cancel_reason IS NOT NULL THEN 'cancelled'
                WHEN r.retry_in_ms IS NULL THEN 'undeliverable'
                ELSE 'retrying' END AS next_status
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
  ), transition AS (
    UPDATE deliveries d
    SET status = l.next_status,
        step = CASE WHEN l.next_status = 'retrying' THEN d.step + 1 ELSE d.step END,
        attempts = d.attempts + 1,
        owner = CASE WHEN l.next_status = 'retrying' AND l.is_express THEN l.next_owner ELSE d.owner END,
        workflow_id = CASE WHEN l.next_status = 'retrying' AND l.is_express THEN l.next_owner ELSE d.workflow_id END,
        claimed_at = NULL,
        unknown_streak = 0,
        trigger = 'schedule',
        cancel_reason = NULL,
        due_at = CASE WHEN l.next_status = 'retrying' THEN clock_timestamp() + l.retry_in_ms * interval '1 millisecond' END,
        last_outcome = l.outcome,
        last_status_code = l.status_code,
        reason = CASE l.next_status WHEN 'undeliverable' THEN 'exhausted' WHEN 'cancelled' THEN l.cancel_reason END,
        settled_at = CASE WHEN l.next_status = 'retrying' THEN NULL ELSE clock_timestamp() END
    FROM locked l
    WHERE d.id = l.id
    RETURNING ${TRANSITION_COLUMNS}, l.outcome, d.owner
  ), ${RECORD_TRANSITIONS}
  SELECT * FROM transition`;

// Replaces the outcome of an attempt that was written off as unknown. The delivery has moved on and does not change.
const COMPLETE_UNKNOWN = `
  UPDATE attempts a
  SET outcome = r.outcome, status_code = r.status_code, started_at = r.started_at, duration_ms = r.duration_ms
  FROM unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::timestamptz[], $6::int[])
    AS r (id, epoch, outcome, status_code, started_at, duration_ms)
  WHERE a.delivery_id = r.id AND a.epoch = r.epoch AND a.outcome = 'unknown'`;

/** `owner`: what carries the delivery from now on. */
export type RecordedTransition = Transition & { owner: string | null };

/**
 * Writes attempts, updates their deliveries, settles their events and writes the outcomes, in one transaction.
 * Returns the transitions. A record without a transition had no open claim.
 */
export async function recordAttempts(db: Queryable, records: AttemptRecord[]): Promise<RecordedTransition[]> {
  const transitions = await retryOnConflict(() => writeRecords(db, records));
  if (transitions.length < records.length) {
    const done = new Set(transitions.map(({ id, epoch }) => `${id} ${epoch}`));
    await completeUnknown(
      db,
      records.filter(({ id, epoch }) => !done.has(`${id} ${epoch}`)),
    );
  }
  return transitions;
}

async function writeRecords(db: Queryable, records: AttemptRecord[]): Promise<RecordedTransition[]> {
  const { rows } = await db.query<RecordedTransition>({
    name: 'record-attempts',
    text: RECORD,
    values: [
      textArray(records.map((r) => r.id)),
      intArray(records.map((r) => r.epoch)),
      timestampArray(records.map((r) => r.startedAt)),
      intArray(records.map((r) => r.durationMs)),
      textArray(records.map((r) => r.outcome)),
      intArray(records.map((r) => r.statusCode)),
      booleanArray(records.map((r) => r.resent)),
      textArray(records.map((r) => r.requestUrl)),
      byteaArray(records.map((r) => r.requestHeaders)),
      byteaArray(records.map((r) => r.responseHeaders)),
      byteaArray(records.map((r) => r.responseBody)),
      booleanArray(records.map((r) => r.responseTruncated)),
      textArray(records.map((r) => r.errorCode)),
      textArray(records.map((r) => r.errorMessage)),
      floatArray(records.map((r) => r.retryInMs)),
      textArray(records.map((r) => r.nextOwner)),
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
