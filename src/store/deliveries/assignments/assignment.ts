import type { Lane } from '../../../policy/outcome.ts';
import type { Queryable } from '../../postgres/database.ts';

/** Deliveries that have just become a workflow's. */
export type Assignment = {
  workflowId: string;
  projectId: string;
  policy: string;
  lane: Lane;
  deliveries: { id: string; step: number; eventId: string; type: string }[];
};

export type AssignedRow = {
  id: string;
  step: number;
  event_id: string;
  type: string;
  project_id: string;
  policy: string;
  lane: Lane;
  owner: string;
};

// A claim that is still open keeps its own: it is written off when that process is gone.
export const IN_HAND_OF = (processId: string): string =>
  `process_id = CASE WHEN d.claimed_at IS NULL THEN ${processId}::text ELSE d.process_id END`;

export function assignmentOf(rows: AssignedRow[]): Assignment | null {
  const first = rows[0];
  if (!first) return null;
  return {
    workflowId: first.owner,
    projectId: first.project_id,
    policy: first.policy,
    lane: first.lane,
    deliveries: rows.map((row) => ({ id: row.id, step: row.step, eventId: row.event_id, type: row.type })),
  };
}

const RELEASE = `
  UPDATE deliveries d SET owner = NULL
  FROM (SELECT id FROM deliveries
        WHERE id = ANY ($2::text[]) AND owner = $1 AND due_at IS NOT NULL AND claimed_at IS NULL
        ORDER BY id FOR UPDATE) AS mine
  WHERE d.id = mine.id
  RETURNING d.id`;

/**
 * Takes deliveries from a workflow that did not start or has no room, by compare-and-set; a claim that it opened keeps
 * them its own. Returns the ids of those that wait for assignment now.
 */
export async function releaseUnstarted(db: Queryable, owner: string, ids: string[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(RELEASE, [owner, ids]);
  return rows.map(({ id }) => id);
}
