import { OVERDUE_MS } from '../../../policy/pacing.ts';
import type { Queryable } from '../../postgres/database.ts';

const BATCH = 1_000;

const MOVE_OVERDUE = `
  UPDATE deliveries d SET lane = 'restricted'
  FROM (SELECT id FROM deliveries
        WHERE owner IS NULL AND indexed_due_at IS NOT NULL AND lane <> 'restricted' AND lane <> 'isolated' AND project_id = $1
          AND indexed_due_at < now() - interval '${OVERDUE_MS} milliseconds'
        ORDER BY indexed_due_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) AS overdue
  WHERE d.id = overdue.id`;

/**
 * Moves up to 1,000 deliveries of a project that are long overdue to the queues of their receivers, where a backlog of one
 * receiver goes out evenly. Returns whether there may be more.
 */
export async function moveOverdue(db: Queryable, projectId: string): Promise<boolean> {
  const { rowCount } = await db.query({ name: 'move-overdue', text: MOVE_OVERDUE, values: [projectId] });
  return rowCount === BATCH;
}
