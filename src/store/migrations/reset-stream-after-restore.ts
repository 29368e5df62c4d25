import type { Queryable } from '../postgres/database.ts';

// A transaction id that this server has not assigned yet shows that the rows come from a dump of another server. The last
// row of each project is found in the index of the stream.
const IS_XID_AHEAD = `
  WITH present AS (SELECT pg_snapshot_xmax(pg_current_snapshot()) AS next_xid)
  SELECT EXISTS (SELECT FROM database_identity WHERE outcomes_removed_below > next_xid)
      OR EXISTS (
           SELECT FROM projects
           CROSS JOIN LATERAL (
             SELECT xid FROM outcomes WHERE project_id = projects.id ORDER BY xid DESC LIMIT 1
           ) AS last
           WHERE last.xid >= next_xid
         ) AS ahead
  FROM present`;

// Locks outcomes before the identity, as retention does.
const RESET_STREAM = `
  BEGIN;
  TRUNCATE outcomes;
  UPDATE database_identity SET id = gen_random_uuid(), outcomes_removed_below = '0';
  COMMIT`;

/**
 * Gives a database that was restored from a dump of another server a new identity and an empty stream of outcomes.
 * Otherwise new outcomes would sort before old ones, or stay invisible until the transaction ids have caught up. Requests
 * with earlier cursors then get 410. Returns true if the stream was reset. To be called by one process at a time.
 */
export async function resetStreamAfterRestore(client: Queryable): Promise<boolean> {
  const { rows } = await client.query<{ ahead: boolean }>(IS_XID_AHEAD);
  if (!rows[0]!.ahead) return false;
  await client.query(RESET_STREAM);
  return true;
}
