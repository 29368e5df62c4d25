import { SCHEDULE_OWNER } from '../../../policy/owner.ts';
import { assignedDeliveries } from '../../deliveries/assigned-deliveries.ts';
import type { Queryable } from '../../postgres/database.ts';
import { liftRestriction } from './gates.ts';

/*
 * What has piled up for a receiver while nothing was sent to it goes out at a steady rate. The drain ends when no due delivery
 * of the receiver is left unclaimed in the lane `restricted`, be it with a workflow: those whose worker was lost would
 * otherwise all be sent at once. Deliveries that come meanwhile do not wait for it.
 */

const START_DRAIN = `
  INSERT INTO receiver_gates (receiver, project_id, drain_rate) VALUES ($1, $2, $3)
  ON CONFLICT (receiver) DO UPDATE SET drain_rate = excluded.drain_rate, updated_at = now()
  WHERE receiver_gates.drain_rate IS NULL`;

/**
 * Starts a drain if more than `backlog` deliveries go out to the receiver, which is more than a second's worth. A rate of 0
 * switches drains off. Returns whether one has been started.
 */
export async function startDrain(
  db: Queryable,
  { receiver, projectId }: { receiver: string; projectId: string },
  backlog: number,
  drainRate: number,
): Promise<boolean> {
  if (drainRate === 0 || backlog <= drainRate) return false;
  return (await db.query(START_DRAIN, [receiver, projectId, drainRate])).rowCount === 1;
}

const WAITING = `owner IS NULL AND indexed_due_at IS NOT NULL AND lane = 'restricted'`;

const COUNT_DUE = `
  SELECT wanted.receiver, due.n
  FROM unnest($1::text[], $3::text[]) AS wanted (receiver, project_id)
  CROSS JOIN LATERAL (
    SELECT count(*)::int AS n
    FROM (SELECT FROM deliveries d
          WHERE d.project_id = wanted.project_id AND d.receiver = wanted.receiver AND ${WAITING} AND indexed_due_at <= now() LIMIT $2) AS first
  ) AS due`;

/** Returns how many due deliveries of each receiver wait in the lane `restricted`, at most `max`. */
export async function countDue(
  db: Queryable,
  receivers: { receiver: string; projectId: string }[],
  max: number,
): Promise<{ receiver: string; n: number }[]> {
  const { rows } = await db.query<{ receiver: string; n: number }>(COUNT_DUE, [
    receivers.map(({ receiver }) => receiver),
    max,
    receivers.map(({ projectId }) => projectId),
  ]);
  return rows;
}

/** SQL: whether nothing waits in the lane `restricted` for the receiver of a row of receiver_gates. */
export const HAS_NOTHING_WAITING = `
  NOT EXISTS (SELECT FROM deliveries WHERE deliveries.project_id = receiver_gates.project_id
                AND deliveries.receiver = receiver_gates.receiver AND ${WAITING})`;

const HAS_NO_BACKLOG = `${HAS_NOTHING_WAITING} AND receiver <> ALL (ARRAY(
  SELECT receiver FROM (${assignedDeliveries('d.receiver, d.owner, d.lane, d.claimed_at', '<= now()')}) AS assigned
  WHERE owner <> '${SCHEDULE_OWNER}' AND lane = 'restricted' AND claimed_at IS NULL))`;

const END_DRAINS = liftRestriction('drain', HAS_NO_BACKLOG);

/** Ends the drains of receivers whose backlog is gone. Returns how many. */
export async function endDrains(db: Queryable): Promise<number> {
  return (await db.query(END_DRAINS)).rows.length;
}

const END_WAITS = liftRestriction(
  'notBefore',
  `receiver = ANY ($1::text[]) AND not_before_reason = 'retry_after' AND not_before <= now()`,
);

/** Removes times that receivers asked Posthorn to wait for, and that have passed. */
export async function endWaits(db: Queryable, receivers: string[]): Promise<void> {
  await db.query(END_WAITS, [receivers]);
}
