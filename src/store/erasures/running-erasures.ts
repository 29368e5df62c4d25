import type { Queryable } from '../postgres/database.ts';
import type { Erasure } from './erasures.ts';

/** A job that this process holds. */
export type RunningErasure = Pick<Erasure, 'id' | 'projectId' | 'kind' | 'subject'> & {
  /** Null until the consumer or project is closed. Events from then on are not erased. */
  eventsBefore: Date | null;
};

// One job of each project, so that a project with many jobs does not delay another's.
const DUE_IDS = `
  SELECT DISTINCT ON (project_id) id FROM erasures
  WHERE completed_at IS NULL AND not_before <= clock_timestamp()
  ORDER BY project_id, not_before`;

/** Returns the id of the job that has waited longest, for each project that has one to work on. */
export async function dueErasures(db: Queryable): Promise<string[]> {
  return (await db.query<{ id: string }>(DUE_IDS)).rows.map(({ id }) => id);
}

const HOLD = `
  UPDATE erasures SET not_before = clock_timestamp() + $2 * interval '1 millisecond'
  WHERE id = $1 AND completed_at IS NULL AND not_before <= clock_timestamp()
  RETURNING id, project_id AS "projectId", kind, subject, events_before AS "eventsBefore"`;

/** Holds a job for `ms`, so that no other process works on it; null if another does, or if it is completed. */
export async function holdErasure(db: Queryable, id: string, ms: number): Promise<RunningErasure | null> {
  return (await db.query<RunningErasure>(HOLD, [id, ms])).rows[0] ?? null;
}

const RELEASE = `
  UPDATE erasures SET not_before = clock_timestamp() + $2 * interval '1 millisecond', waiting_for = $3 WHERE id = $1`;

/** Lets any process go on with the job after `ms`. */
export async function releaseErasure(
  db: Queryable,
  id: string,
  ms: number,
  waitingFor: Erasure['waitingFor'],
): Promise<void> {
  await db.query(RELEASE, [id, ms, waitingFor]);
}

// Not if the consumer has to be closed again: it was created and erased anew meanwhile.
const COMPLETE = `
  UPDATE erasures SET completed_at = clock_timestamp(), waiting_for = NULL
  WHERE id = $1 AND (kind = 'event' OR events_before IS NOT NULL)`;

export async function completeErasure(db: Queryable, id: string): Promise<boolean> {
  return (await db.query(COMPLETE, [id])).rowCount === 1;
}

// A transaction that was open when the subject was closed may still add events to it.
const IS_SETTLED = `
  SELECT coalesce(closed_xid < pg_snapshot_xmin(pg_current_snapshot()), true) AS settled FROM erasures WHERE id = $1`;

/** Whether every transaction that was open when the consumer or project was closed has ended. */
export async function hasNoOlderTransaction(db: Queryable, id: string): Promise<boolean> {
  return (await db.query<{ settled: boolean }>(IS_SETTLED, [id])).rows[0]!.settled;
}
