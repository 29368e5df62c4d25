import type pg from 'pg';

// A transaction id that this server has not given out yet: the rows come from the dump of another one. The last of
// each project is found in the index of the stream.
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

// Outcomes before the identity, as retention takes them.
const RESET_STREAM = `
  BEGIN;
  TRUNCATE outcomes;
  UPDATE database_identity SET id = gen_random_uuid(), outcomes_removed_below = '0';
  COMMIT`;

/**
 * Gives a database that was restored from a dump into another server a new identity and an empty stream: new outcomes
 * would come before the old ones, or stay unseen until the transaction ids have caught up. Cursors of before are
 * answered 410. True when it did. To be called by one process at a time.
 */
export async function resetStreamAfterRestore(client: pg.PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ ahead: boolean }>(IS_XID_AHEAD);
  if (!rows[0]!.ahead) return false;
  await client.query(RESET_STREAM);
  return true;
}
