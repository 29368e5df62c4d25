import { SCHEDULE_OWNER } from '../../../policy/owner.ts';
import type { Queryable } from '../../postgres/database.ts';
import { initialLane } from '../../receivers/gates/gates.ts';

/** Deliveries in one transaction: few, so that other transactions wait only briefly for their locks. */
const WAKE_BATCH = 500;

// Several processes wake deliveries at the same time, so that those that another one has locked are passed over. The lane is
// chosen now, because the receiver may have become restricted, or healthy, while the delivery waited.
const WAKE = `
  UPDATE deliveries d
  SET owner = NULL, lane = CASE WHEN d.lane = 'isolated' THEN 'isolated' ELSE ${initialLane('d.receiver')} END
  FROM (SELECT id FROM deliveries
        WHERE owner = '${SCHEDULE_OWNER}' AND indexed_due_at IS NOT NULL AND indexed_due_at <= now()
        ORDER BY indexed_due_at LIMIT ${WAKE_BATCH} FOR UPDATE SKIP LOCKED) AS due
  WHERE d.id = due.id`;

/** Makes up to 500 deliveries that waited for a date, and are due, wait for a workflow. Returns how many. */
export async function wakeScheduled(db: Queryable): Promise<{ woken: number; mayBeMore: boolean }> {
  const { rowCount } = await db.query({ name: 'wake-scheduled', text: WAKE });
  return { woken: rowCount ?? 0, mayBeMore: rowCount === WAKE_BATCH };
}
