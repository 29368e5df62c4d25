import type pg from 'pg';
import { OPEN_STATUSES } from '../../policy/outcome.ts';
import { cancelLocked, type LockedDelivery, type WorkflowSignal } from '../deliveries/cancel-locked.ts';
import { hasStatus } from '../deliveries/status-sql.ts';

const LOCK = `
  SELECT id, owner, claimed_at IS NOT NULL AS claimed FROM deliveries
  WHERE project_id = $1 AND id = ANY ($2::text[]) AND ${hasStatus('status', OPEN_STATUSES)} AND cancel_reason IS NULL
  ORDER BY id FOR UPDATE`;

/** Cancels those of the deliveries that are still open. Returns how many, and the workflows to signal. */
export async function cancelThese(
  client: pg.PoolClient,
  projectId: string,
  ids: string[],
): Promise<{ cancelled: number; signals: WorkflowSignal[] }> {
  const { rows } = await client.query<LockedDelivery>(LOCK, [projectId, ids]);
  return { cancelled: rows.length, signals: await cancelLocked(client, rows, 'cancelled') };
}
