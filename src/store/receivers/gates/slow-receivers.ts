import type pg from 'pg';
import { liftRestriction } from './gates.ts';
import { moveUnassigned } from './lanes.ts';

const MARK_SLOW = `
  INSERT INTO receiver_gates (receiver, project_id, slow_since, slow_cause) VALUES ($1, $2, now(), $3)
  ON CONFLICT (receiver) DO UPDATE SET slow_since = now(), slow_cause = excluded.slow_cause, updated_at = now()
  WHERE receiver_gates.slow_since IS NULL`;

/** Moves the receiver's unassigned deliveries, and all future ones, to the restricted lane. */
export async function markSlow(
  pool: pg.Pool,
  receiver: string,
  projectId: string,
  cause: string,
): Promise<void> {
  await pool.query(MARK_SLOW, [receiver, projectId, cause]);
  await moveUnassigned(pool, 'restricted', receiver, projectId);
}

const MARK_HEALTHY = liftRestriction('slow', 'receiver = $1');
const MARK_OLD_HEALTHY = liftRestriction('slow', 'slow_since < $1');

/** Moves the receiver's unassigned deliveries back to the fast lane, unless something else restricts it. */
export async function markHealthy(pool: pg.Pool, receiver: string, projectId: string): Promise<void> {
  await pool.query(MARK_HEALTHY, [receiver]);
  await moveUnassigned(pool, 'fast', receiver, projectId);
}

/** Unmarks receivers that were marked slow before `before`. One that is still slow is marked again at its next attempt. */
export async function unmarkSlowBefore(pool: pg.Pool, before: Date): Promise<number> {
  return (await pool.query(MARK_OLD_HEALTHY, [before])).rows.length;
}
