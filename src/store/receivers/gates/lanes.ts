import type { Queryable } from '../../postgres/database.ts';

const BATCH = 1_000;

// The lanes are written out, so that Postgres can use the partial indexes of unassigned deliveries.
const moveToLane = (from: string, to: string, condition: string): string => `
  UPDATE deliveries d SET lane = '${to}'
  FROM (SELECT id FROM deliveries
        WHERE receiver = $1 AND owner IS NULL AND indexed_due_at IS NOT NULL AND lane = '${from}' AND project_id = $2 AND ${condition}
        LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) AS unassigned
  WHERE d.id = unassigned.id`;

const MOVES = {
  restricted: moveToLane('fast', 'restricted', 'true'),
  // Another restriction may have come up meanwhile, or there was one all the time.
  fast: moveToLane('restricted', 'fast', 'NOT EXISTS (SELECT FROM receiver_gates WHERE receiver = $1)'),
};

export type Lane = keyof typeof MOVES;

/** Moves all unassigned deliveries of a receiver to the other lane. */
export async function moveUnassigned(
  db: Queryable,
  to: Lane,
  receiver: string,
  projectId: string,
): Promise<void> {
  while (await moveNextUnassigned(db, to, receiver, projectId));
}

/**
 * Moves up to 1,000, and returns whether there may be more: one transaction of 20,000 rows would block workers that claim
 * them. What is not moved, because the process dies, is sent all the same: a claim gives a delivery of the wrong lane back,
 * and the queue of restricted receivers also serves those without a gate.
 */
export async function moveNextUnassigned(
  db: Queryable,
  to: Lane,
  receiver: string,
  projectId: string,
): Promise<boolean> {
  return (await db.query(MOVES[to], [receiver, projectId])).rowCount === BATCH;
}
