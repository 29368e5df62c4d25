import type { Queryable } from '../postgres/database.ts';

// After a restore, transaction ids may be those of another server. What it has written before is not counted.
const IS_OTHER_DATABASE = `
  SELECT EXISTS (
    SELECT FROM statistics_state state CROSS JOIN database_identity identity
    WHERE state.database_id <> identity.id OR state.marked_xid >= pg_snapshot_xmax(pg_current_snapshot())
  ) AS other`;
const BEGIN_AGAIN = `
  WITH removed AS (DELETE FROM statistics_progress)
  UPDATE statistics_state
  SET database_id = identity.id, begins_below = pg_snapshot_xmin(pg_current_snapshot()), marked_xid = pg_current_xact_id(),
      marked_at = now()
  FROM database_identity identity`;

/** Begins at the present if the database was restored. Returns whether it was. */
export async function beginAfterRestore(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ other: boolean }>(IS_OTHER_DATABASE);
  if (rows[0]!.other) await db.query(BEGIN_AGAIN);
  return rows[0]!.other;
}

const OLDEST_RUNNING = `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid`;

/** Returns the id of the oldest running transaction: all older ones have ended, and their outcomes are visible from now on. */
export async function oldestRunningTransaction(db: Queryable): Promise<string> {
  return (await db.query<{ xid: string }>(OLDEST_RUNNING)).rows[0]!.xid;
}

// A transaction whose outcomes were not visible is younger than the one that set the mark, so it dates what it writes after
// the mark. The mark is the beginning of this transaction, which has got its id later.
const SETTLE = `
  UPDATE statistics_state
  SET settled_until = marked_at, marked_xid = pg_current_xact_id(), marked_at = now()
  WHERE marked_xid <= $1::xid8`;

/** Records that everything is counted that transactions older than `readBelow` have written. */
export async function settleUntilMark(db: Queryable, readBelow: string): Promise<void> {
  await db.query(SETTLE, [readBelow]);
}

const LAG = `
  SELECT extract(epoch FROM clock_timestamp() - least(
           state.settled_until, (SELECT min(behind_since) FROM statistics_progress)))::float8 AS seconds
  FROM statistics_state state`;

/** Returns the age in seconds of the time until which everything is counted, in the project that is the furthest behind. */
export async function statisticsLagSeconds(db: Queryable): Promise<number> {
  return (await db.query<{ seconds: number }>(LAG)).rows[0]!.seconds;
}
