import type pg from 'pg';
import { OPEN_STATUSES } from '../../policy/outcome.ts';
import { cancelLocked, type LockedDelivery, type WorkflowSignal } from '../deliveries/cancel-locked.ts';
import { hasStatus } from '../deliveries/status-sql.ts';
import { inTransaction } from '../postgres/database.ts';

const REASON = 'erased';
/** Deliveries in one transaction: few, so that the recorder waits only briefly for their locks. */
const CANCEL_BATCH = 500;

// A delivery whose attempt is under way is asked once; it ends when that attempt is recorded.
const OPEN = `
  SELECT d.id, d.owner, d.claimed_at IS NOT NULL AS claimed
  FROM deliveries d JOIN unnest($2::text[]) AS wanted (event_id) ON d.project_id = $1 AND d.event_id = wanted.event_id
  WHERE ${hasStatus('d.status', OPEN_STATUSES)} AND NOT (d.claimed_at IS NOT NULL AND d.cancel_reason IS NOT NULL)
  ORDER BY d.id
  LIMIT ${CANCEL_BATCH}
  FOR UPDATE OF d`;

/**
 * Cancels the next 500 open deliveries of these events; those with an attempt under way when it ends. Returns the workflows
 * to signal, and whether there may be more.
 */
export function cancelForErasure(
  pool: pg.Pool,
  projectId: string,
  eventIds: string[],
): Promise<{ signals: WorkflowSignal[]; cancelled: number; hasMore: boolean }> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<LockedDelivery>(OPEN, [projectId, eventIds]);
    const signals = await cancelLocked(client, rows, REASON);
    return { signals, cancelled: rows.length, hasMore: rows.length === CANCEL_BATCH };
  });
}
