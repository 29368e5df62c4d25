import type pg from 'pg';
import type { Queryable } from './database.ts';

const MARK_SLOW = `
  INSERT INTO receiver_health (receiver, cause) VALUES ($1, $2)
  ON CONFLICT (receiver) DO NOTHING`;

const QUEUE_APART = `
  UPDATE deliveries d SET lane = $2
  FROM (SELECT id FROM deliveries
        WHERE receiver = $1 AND owner IS NULL AND due_at IS NOT NULL AND lane = $3 AND project_id = $4
        ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED) AS waiting
  WHERE d.id = waiting.id`;

/** From now on the receiver's deliveries queue apart; those that wait already are moved (a bounded number at once). */
export async function markSlow(
  db: Queryable,
  receiver: string,
  projectId: string,
  cause: string,
): Promise<void> {
  const { rowCount } = await db.query(MARK_SLOW, [receiver, cause]);
  if (rowCount === 1) await db.query(QUEUE_APART, [receiver, 'slow', 'fast', projectId]);
}

/** The receiver answers quickly again: its backlog goes back to the common queue. */
export async function markHealthy(pool: pg.Pool, receiver: string, projectId: string): Promise<void> {
  await pool.query('DELETE FROM receiver_health WHERE receiver = $1', [receiver]);
  for (let moved = 1000; moved === 1000; ) {
    moved = (await pool.query(QUEUE_APART, [receiver, 'fast', 'slow', projectId])).rowCount ?? 0;
  }
}
