import type pg from 'pg';
import type { DeliveryResult } from '../../../policy/delivery-result.ts';
import { SCHEDULE_OWNER } from '../../../policy/owner.ts';
import { deserializePolicy, maxAttempts, retryDelayMs } from '../../../policy/retry-policy.ts';
import { TRANSITION_COLUMNS, type Transition } from '../transitions.ts';
import type { DeliveryDetails } from './delivery-details.ts';

/**
 * Deliveries that were left `unknown` together by a lost worker are retried at random times within this window.
 * Retried together, a delivery that kills its worker would take the others with it until all are undeliverable.
 */
export const SPREAD_WITHIN_MS = 5_000;

const RECORD_UNKNOWN_ATTEMPT = `
  WITH written AS (
    INSERT INTO attempts (delivery_id, epoch, number, step, trigger, started_at, duration_ms, outcome)
    SELECT id, epoch, attempts + 1, step, trigger, claimed_at, $2, 'unknown' FROM deliveries WHERE id = $1
    ON CONFLICT (delivery_id, epoch) DO NOTHING
  )
  UPDATE deliveries d
  SET attempts = attempts + 1, claimed_at = NULL, unknown_streak = unknown_streak + 1, trigger = 'rerun',
      last_outcome = 'unknown', last_status_code = NULL, last_error_code = NULL,
      status = CASE WHEN status = 'pending' THEN 'retrying' ELSE status END
  WHERE id = $1
  RETURNING ${TRANSITION_COLUMNS}, 'unknown' AS outcome`;

/** Closes the open claim with an attempt of outcome `unknown`: the request may have been sent. */
export async function recordUnknownAttempt(
  client: pg.PoolClient,
  { id, claimAgeMs }: DeliveryDetails,
): Promise<Transition[]> {
  const { rows } = await client.query<Transition>(RECORD_UNKNOWN_ATTEMPT, [id, claimAgeMs]);
  return rows;
}
const USE_STEP = `
  UPDATE deliveries d
  SET status = CASE WHEN $2::float8 IS NULL THEN 'undeliverable' ELSE 'retrying' END,
      step = CASE WHEN $2::float8 IS NULL THEN step ELSE step + 1 END,
      due_at = now() + $2::float8 * interval '1 millisecond',
      owner = CASE WHEN $3::boolean THEN '${SCHEDULE_OWNER}' ELSE owner END,
      trigger = 'schedule',
      reason = CASE WHEN $2::float8 IS NULL THEN 'exhausted' END,
      settled_at = CASE WHEN $2::float8 IS NULL THEN clock_timestamp() END
  WHERE id = $1
  RETURNING ${TRANSITION_COLUMNS}, NULL AS outcome`;

export async function useStep(
  client: pg.PoolClient,
  delivery: DeliveryDetails,
  { random, maxWorkflowWaitMs }: { random: () => number; maxWorkflowWaitMs: number },
  transitions: Transition[],
): Promise<DeliveryResult> {
  const policy = deserializePolicy(delivery.policy);
  const isLast = delivery.step + 1 >= maxAttempts(policy);
  const delayMs = isLast
    ? null
    : retryDelayMs(policy, delivery.step, random)! + Math.round(random() * SPREAD_WITHIN_MS);
  const isScheduled = delayMs !== null && delayMs > maxWorkflowWaitMs;
  const { rows } = await client.query<Transition>(USE_STEP, [delivery.id, delayMs, isScheduled]);
  if (delayMs === null) {
    transitions.push(...rows);
    return { id: delivery.id, kind: 'undeliverable', lastOutcome: 'unknown' };
  }
  const next = { step: delivery.step + 1, dueInMs: delayMs, lastOutcome: 'unknown' };
  return isScheduled
    ? { id: delivery.id, kind: 'released', next }
    : { id: delivery.id, kind: 'waiting', ...next };
}
