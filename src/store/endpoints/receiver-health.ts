import type pg from 'pg';

const MARK_SLOW = `
  INSERT INTO receiver_health (receiver, cause) VALUES ($1, $2)
  ON CONFLICT (receiver) DO NOTHING`;

// The lanes are written out, so that Postgres can prove that the partial index of what waits in them serves.
const queue = (from: string, to: string): string => `
  UPDATE deliveries d SET lane = '${to}'
  FROM (SELECT id FROM deliveries
        WHERE receiver = $1 AND owner IS NULL AND due_at IS NOT NULL AND lane = '${from}' AND project_id = $2
        LIMIT 1000 FOR UPDATE SKIP LOCKED) AS waiting
  WHERE d.id = waiting.id`;

const QUEUE_APART = queue('fast', 'slow');
const QUEUE_WITH_ALL = queue('slow', 'fast');

/** From now on the receiver's deliveries queue apart; those that wait already are moved. */
export async function markSlow(
  pool: pg.Pool,
  receiver: string,
  projectId: string,
  cause: string,
): Promise<void> {
  await pool.query(MARK_SLOW, [receiver, cause]);
  await moveAll(pool, QUEUE_APART, receiver, projectId);
}

/** The receiver answers quickly again: its backlog goes back to the common queue. */
export async function markHealthy(pool: pg.Pool, receiver: string, projectId: string): Promise<void> {
  await pool.query('DELETE FROM receiver_health WHERE receiver = $1', [receiver]);
  await moveAll(pool, QUEUE_WITH_ALL, receiver, projectId);
}

/** In small transactions: one of 20,000 rows would hold up those who claim them. */
async function moveAll(pool: pg.Pool, statement: string, receiver: string, projectId: string): Promise<void> {
  for (let moved = 1000; moved === 1000; ) {
    moved = (await pool.query(statement, [receiver, projectId])).rowCount ?? 0;
  }
}
