import type pg from 'pg';

/** SQL: the lane in which deliveries to a receiver start: `slow` while the receiver is marked slow, otherwise `fast`. */
export const initialLane = (receiver: string): string =>
  `CASE WHEN EXISTS (SELECT FROM receiver_health health WHERE health.receiver = ${receiver}) THEN 'slow' ELSE 'fast' END`;

const MARK_SLOW = `
  INSERT INTO receiver_health (receiver, cause) VALUES ($1, $2)
  ON CONFLICT (receiver) DO NOTHING`;

const BATCH = 1_000;

// The lanes are written out, so that Postgres can use the partial indexes of unassigned deliveries.
const moveToLane = (from: string, to: string): string => `
  UPDATE deliveries d SET lane = '${to}'
  FROM (SELECT id FROM deliveries
        WHERE receiver = $1 AND owner IS NULL AND due_at IS NOT NULL AND lane = '${from}' AND project_id = $2
        LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) AS unassigned
  WHERE d.id = unassigned.id`;

const MOVE_TO_SLOW_LANE = moveToLane('fast', 'slow');
const MOVE_TO_FAST_LANE = moveToLane('slow', 'fast');

/** Moves the receiver's unassigned deliveries, and all future ones, to the slow lane. */
export async function markSlow(
  pool: pg.Pool,
  receiver: string,
  projectId: string,
  cause: string,
): Promise<void> {
  await pool.query(MARK_SLOW, [receiver, cause]);
  await moveAll(pool, MOVE_TO_SLOW_LANE, receiver, projectId);
}

/** Moves the receiver's unassigned deliveries back to the fast lane. */
export async function markHealthy(pool: pg.Pool, receiver: string, projectId: string): Promise<void> {
  await pool.query('DELETE FROM receiver_health WHERE receiver = $1', [receiver]);
  await moveAll(pool, MOVE_TO_FAST_LANE, receiver, projectId);
}

/** Runs in small transactions: one of 20,000 rows would block workers that claim them. */
async function moveAll(pool: pg.Pool, statement: string, receiver: string, projectId: string): Promise<void> {
  for (let count = BATCH; count === BATCH; ) {
    count = (await pool.query(statement, [receiver, projectId])).rowCount ?? 0;
  }
}
