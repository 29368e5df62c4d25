import type pg from 'pg';
import { FIRST_SPACING_MS, FORGET_SPACING_AFTER_MS } from '../../../policy/failure-rules.ts';
import { inTransaction } from '../../postgres/database.ts';
import type { GatedReceiver } from './close-gates.ts';
import { HAS_NOTHING_WAITING } from './drain.ts';
import { liftRestriction } from './gates.ts';

/** A receiver with a gate that has accepted a request. */
export type Success = GatedReceiver & { startedAt: Date };

const SUCCEEDED = `unnest($1::text[], $2::timestamptz[]) AS success (receiver, started_at)`;

// The request came after the last change of the distance, so the receiver copes with it.
const copesWithSpacing = (spacing: string): string => `
  ${spacing} AND EXISTS (SELECT FROM ${SUCCEEDED} WHERE success.receiver = receiver_gates.receiver
                         AND success.started_at > receiver_gates.spacing_changed_at)`;

// What has piled up goes out as after any other wait that is over: the assignment starts a drain, and removes the wait.
const endCoolDown = (condition: string): string => `
  UPDATE receiver_gates
  SET not_before = now(), not_before_reason = 'retry_after', probe_interval_ms = NULL, updated_at = now()
  WHERE receiver IN (SELECT receiver FROM receiver_gates WHERE not_before_reason = 'cooldown' AND ${condition}
                     ORDER BY receiver FOR UPDATE)`;

const END_COOL_DOWN = endCoolDown('receiver = ANY ($1::text[])');
const END_SPACING = liftRestriction('spacing', copesWithSpacing(`spacing_ms < ${FIRST_SPACING_MS * 2}`));
const HALVE_SPACING = `
  UPDATE receiver_gates SET spacing_ms = spacing_ms / 2, spacing_changed_at = clock_timestamp(), updated_at = now()
  WHERE receiver IN (SELECT receiver FROM receiver_gates
                     WHERE ${copesWithSpacing(`spacing_ms >= ${FIRST_SPACING_MS * 2}`)} ORDER BY receiver FOR UPDATE)`;

const NEEDS_EASING = `
  SELECT receiver, project_id AS "projectId" FROM receiver_gates
  WHERE receiver = ANY ($1::text[]) AND (not_before_reason = 'cooldown' OR spacing_ms IS NOT NULL)
  ORDER BY receiver`;

/**
 * Ends the cool-down of receivers that have accepted a request, and halves the distance between their requests. If a process
 * dies before that, the next success does it. Returns those whose unassigned deliveries may have to change their lane.
 */
export async function easeGates(pool: pg.Pool, successes: Success[]): Promise<GatedReceiver[]> {
  const receivers = successes.map(({ receiver }) => receiver);
  const { rows } = await pool.query<GatedReceiver>(NEEDS_EASING, [receivers]);
  if (rows.length === 0) return [];
  const eased = new Set(rows.map(({ receiver }) => receiver));
  const values = [
    receivers.filter((receiver) => eased.has(receiver)),
    successes.filter(({ receiver }) => eased.has(receiver)).map(({ startedAt }) => startedAt),
  ];
  await inTransaction(pool, async (client) => {
    await client.query(END_COOL_DOWN, [values[0]]);
    await client.query(END_SPACING, values);
    await client.query(HALVE_SPACING, values);
  });
  return rows;
}

// A process died before it could end the cool-down.
const END_LEFT_OVER = endCoolDown(
  'NOT EXISTS (SELECT FROM receiver_failures f WHERE f.receiver = receiver_gates.receiver)',
);

// While deliveries wait, their assignment removes it.
const LIFT_PASSED = liftRestriction(
  'notBefore',
  `not_before_reason = 'retry_after' AND not_before <= now()
   AND ${HAS_NOTHING_WAITING}`,
);

// Sixty times the longest distance: nothing has been sent meanwhile.
const LIFT_OLD_SPACING = liftRestriction(
  'spacing',
  `spacing_changed_at < now() - interval '${FORGET_SPACING_AFTER_MS} milliseconds'`,
);

/** Lifts what is over: waits for which nothing waits, and distances that nothing has tried for an hour. Returns the receivers. */
export async function liftPassed(pool: pg.Pool): Promise<string[]> {
  await pool.query(END_LEFT_OVER);
  await pool.query(LIFT_OLD_SPACING);
  return (await pool.query<{ receiver: string }>(LIFT_PASSED)).rows.map(({ receiver }) => receiver);
}
