import type pg from 'pg';
import { inTransaction, type Queryable } from '../postgres/database.ts';

const DUE = `
  SELECT workflow_id AS id FROM erased_workflows
  WHERE erasure_id = $1 AND check_at <= clock_timestamp()
  ORDER BY check_at LIMIT $2`;

/** Returns the ids of workflows that are to be deleted now. */
export async function dueWorkflows(db: Queryable, erasureId: string, limit: number): Promise<string[]> {
  return (await db.query<{ id: string }>(DUE, [erasureId, limit])).rows.map(({ id }) => id);
}

const NEXT_CHECK = `
  SELECT (extract(epoch FROM min(check_at) - clock_timestamp()) * 1000)::float8 AS ms
  FROM erased_workflows WHERE erasure_id = $1`;

/** Milliseconds until the next workflow is to be deleted, negative if it is due; null if there is none. */
export async function nextWorkflowInMs(db: Queryable, erasureId: string): Promise<number | null> {
  return (await db.query<{ ms: number | null }>(NEXT_CHECK, [erasureId])).rows[0]!.ms;
}

const POSTPONE = `
  UPDATE erased_workflows SET check_at = clock_timestamp() + $3 * interval '1 millisecond'
  WHERE erasure_id = $1 AND workflow_id = $2`;

export async function checkWorkflowAgain(
  db: Queryable,
  erasureId: string,
  workflowId: string,
  afterMs: number,
): Promise<void> {
  await db.query(POSTPONE, [erasureId, workflowId, afterMs]);
}

const REMOVE = `DELETE FROM erased_workflows WHERE erasure_id = $1 AND workflow_id = $2`;
const COUNT = `UPDATE erasures SET workflows_deleted = workflows_deleted + $2 WHERE id = $1`;

/** Records that Temporal has no such workflow any more. */
export function workflowIsGone(pool: pg.Pool, erasureId: string, workflowId: string): Promise<void> {
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(REMOVE, [erasureId, workflowId]);
    await client.query(COUNT, [erasureId, rowCount]);
  });
}

// Not one with an open claim: its attempt is under way, and would be made twice.
const RELEASE = `
  UPDATE deliveries d SET owner = NULL
  FROM (SELECT id FROM deliveries
        WHERE id = ANY ($2::text[]) AND owner = $1 AND claimed_at IS NULL AND due_at IS NOT NULL
        ORDER BY id FOR UPDATE) AS open
  WHERE d.id = open.id`;
const STILL_CARRIED = `
  SELECT FROM deliveries WHERE id = ANY ($2::text[]) AND owner = $1 AND due_at IS NOT NULL LIMIT 1`;

/**
 * Takes from a workflow the deliveries that others still need, so that another workflow carries them. Returns false while
 * one of them has an attempt under way.
 */
export async function releaseFromWorkflow(
  pool: pg.Pool,
  workflowId: string,
  deliveryIds: string[],
): Promise<boolean> {
  await pool.query(RELEASE, [workflowId, deliveryIds]);
  return (await pool.query(STILL_CARRIED, [workflowId, deliveryIds])).rowCount === 0;
}
