import { SCHEDULE_OWNER } from '../../policy/owner.ts';
import { assignedDeliveries } from '../deliveries/assigned-deliveries.ts';
import type { Queryable } from '../postgres/database.ts';

/** The counts of a project's deliveries that are assigned and due, claimed or not, over all processes. */
export type ProjectInFlight = {
  projectId: string;
  /** First attempts at receivers without a restriction. */
  firstAttempts: number;
  /** The first attempts that no worker has claimed yet. */
  unclaimed: number;
  /** Retries, and attempts at restricted receivers. */
  otherAttempts: number;
};

const IN_FLIGHT = `
  SELECT project_id AS "projectId",
         count(*) FILTER (WHERE step = 0 AND lane = 'fast')::int AS "firstAttempts",
         count(*) FILTER (WHERE step = 0 AND lane = 'fast' AND claimed_at IS NULL)::int AS unclaimed,
         count(*) FILTER (WHERE step > 0 OR lane <> 'fast')::int AS "otherAttempts"
  FROM (${assignedDeliveries('d.project_id, d.owner, d.step, d.lane, d.claimed_at', '<= now()')}) AS assigned
  WHERE owner <> '${SCHEDULE_OWNER}'
  GROUP BY project_id`;

export async function deliveriesInFlight(db: Queryable): Promise<ProjectInFlight[]> {
  const { rows } = await db.query<ProjectInFlight>({ name: 'deliveries-in-flight', text: IN_FLIGHT });
  return rows;
}

const ATTEMPT_SLOTS = `
  SELECT coalesce(sum(attempt_slots), 0)::int AS slots FROM processes
  WHERE lost_at IS NULL AND last_heartbeat_at > clock_timestamp() - interval '10 seconds'`;

/** Returns how many attempts all live workers together may have in flight; 0 if there is none. */
export async function attemptSlots(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ slots: number }>({ name: 'attempt-slots', text: ATTEMPT_SLOTS });
  return rows[0]!.slots;
}
