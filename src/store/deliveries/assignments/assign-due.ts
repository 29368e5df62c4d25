import { OVERDUE_MS } from '../../../policy/pacing.ts';
import type { Queryable } from '../../postgres/database.ts';
import {
  type AssignedRow,
  type Assignment,
  assignBatch,
  assignmentOf,
  maxDeliveriesFor,
  workflowIdOf,
} from './assignment.ts';

// Round robin: the next project, after the one that was served last, that has something due.
const NEXT_PROJECT = `
  SELECT project_id AS "projectId", indexed_due_at < now() - interval '${OVERDUE_MS} milliseconds' AND lane = 'fast' AS "isOverdue"
  FROM (
    (SELECT project_id, indexed_due_at, lane FROM deliveries
     WHERE owner IS NULL AND indexed_due_at IS NOT NULL AND lane <> 'restricted' AND indexed_due_at <= now() AND project_id > $1
     ORDER BY project_id, indexed_due_at LIMIT 1)
    UNION ALL
    (SELECT project_id, indexed_due_at, lane FROM deliveries
     WHERE owner IS NULL AND indexed_due_at IS NOT NULL AND lane <> 'restricted' AND indexed_due_at <= now()
     ORDER BY project_id, indexed_due_at LIMIT 1)
  ) AS candidate LIMIT 1`;

/** `isOverdue`: it has deliveries that have to queue with their receivers first (moveOverdue). */
export type ProjectDue = { projectId: string; isOverdue: boolean };

/** Returns the next project in round robin, or null if nothing is due. `lastServed` is '' for the first call. */
export async function nextProjectDue(db: Queryable, lastServed: string): Promise<ProjectDue | null> {
  const { rows } = await db.query<ProjectDue>({
    name: 'next-project-due',
    text: NEXT_PROJECT,
    values: [lastServed],
  });
  return rows[0] ?? null;
}

// The batch of the oldest due row: rows with the same policy, only rows of its event if grouping is off, and no other
// row if it is isolated. A batch below the minimum is assigned only if the oldest row has waited long enough. SKIP
// LOCKED, because several API processes assign at the same time. There are two statements, because a single one with a
// switch would read the whole queue for the few rows of one event.
const assignStatement = (batchFilter: string): string => `
  WITH oldest AS (
    SELECT id, policy, event_id, lane, due_at FROM deliveries
    WHERE owner IS NULL AND indexed_due_at IS NOT NULL AND lane <> 'restricted' AND indexed_due_at <= now() AND project_id = $1
    ORDER BY indexed_due_at LIMIT 1 FOR UPDATE SKIP LOCKED
  ), capacity AS (
    SELECT CASE WHEN lane = 'isolated' THEN 1 ELSE least($2::int, ${maxDeliveriesFor('policy')}) END AS n FROM oldest
  ), batch AS (
    SELECT d.id, d.event_id FROM deliveries d, oldest
    WHERE d.owner IS NULL AND d.indexed_due_at IS NOT NULL AND d.lane <> 'restricted' AND d.indexed_due_at <= now() AND d.project_id = $1
      AND d.policy = oldest.policy AND d.lane = oldest.lane
      AND (oldest.lane <> 'isolated' OR d.id = oldest.id)
      ${batchFilter}
    ORDER BY d.indexed_due_at LIMIT (SELECT n FROM capacity)
    FOR UPDATE OF d SKIP LOCKED
  ), workflow AS (
    SELECT ${workflowIdOf('$1')} AS id
    FROM batch
    HAVING count(*) >= least($3::int, (SELECT n FROM capacity))
        OR (SELECT due_at FROM oldest) < now() - $5 * interval '1 millisecond'
  )${assignBatch('$6')}`;

const ASSIGN = assignStatement('');
const ASSIGN_ONE_EVENT = assignStatement('AND d.event_id = oldest.event_id');

/**
 * Assigns up to `maxDeliveries` due deliveries of a project to a new workflow. Returns null if there are fewer than
 * `minDeliveries` (or than the largest batch that the oldest one may be in), unless the oldest has been due for
 * `maxWaitMs`. If that is null, the minimum always applies.
 */
export async function assignDue(
  db: Queryable,
  projectId: string,
  {
    maxDeliveries,
    minDeliveries,
    maxWaitMs = null,
    grouping,
    uuid,
    processId = null,
  }: {
    maxDeliveries: number;
    minDeliveries: number;
    maxWaitMs?: number | null;
    grouping: boolean;
    uuid: string;
    processId?: string | null;
  },
): Promise<Assignment | null> {
  const { rows } = await db.query<AssignedRow>({
    name: grouping ? 'assign-due' : 'assign-due-one-event',
    text: grouping ? ASSIGN : ASSIGN_ONE_EVENT,
    values: [projectId, maxDeliveries, minDeliveries, uuid, maxWaitMs, processId],
  });
  return assignmentOf(rows);
}
