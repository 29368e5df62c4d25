import type { Queryable } from '../postgres/database.ts';

/** A session of Postgres that holds a lock, or waits in front of others for one. */
export type BlockingSession = {
  pid: number;
  user: string | null;
  application: string | null;
  /** Null, like the times, if the role of this process may not see other roles' sessions. */
  state: string | null;
  queryStart: Date | null;
  transactionStart: Date | null;
};

/** Returns the sessions that keep the backend `pid` from a lock. Empty while it does not wait. */
export async function blockingSessions(db: Queryable, pid: number): Promise<BlockingSession[]> {
  const { rows } = await db.query<BlockingSession>(SELECT_BLOCKING, [pid]);
  return rows;
}

/** In words, without the text of the query, which may contain data of tenants. */
export function describeSession(session: BlockingSession): string {
  if (session.pid === 0) return 'a prepared transaction (pg_prepared_xacts)';
  const details = [
    session.user && `user ${session.user}`,
    session.application,
    session.state,
    session.queryStart && `query started at ${session.queryStart.toISOString()}`,
    session.transactionStart && `transaction started at ${session.transactionStart.toISOString()}`,
  ];
  return `pid ${session.pid} (${details.filter((detail) => detail).join(', ')})`;
}

// Those that wait too are left out if one that holds the lock is known: to end them would not help. 0 stands for a prepared
// transaction, which is not a session.
const SELECT_BLOCKING = `
  WITH blocking AS (
    SELECT DISTINCT blocker.pid, cardinality(pg_blocking_pids(blocker.pid)) > 0 AS waits
    FROM unnest(pg_blocking_pids($1)) AS blocker (pid)
  )
  SELECT blocking.pid, activity.usename AS "user", activity.state,
    coalesce(nullif(activity.application_name, ''), activity.backend_type) AS application,
    activity.query_start AS "queryStart", activity.xact_start AS "transactionStart"
  FROM blocking LEFT JOIN pg_stat_activity activity USING (pid)
  WHERE NOT waits OR NOT EXISTS (SELECT FROM blocking WHERE NOT waits)
  ORDER BY blocking.pid`;
