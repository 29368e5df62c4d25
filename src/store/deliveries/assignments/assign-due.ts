import type { Queryable } from '../../postgres/database.ts';
import { type AssignedRow, type Assignment, assignmentOf, IN_HAND_OF } from './assignment.ts';

// Projects in turn: the first after the one that was served last that has anything due.
const NEXT_PROJECT = `
  SELECT project_id FROM (
    (SELECT project_id FROM deliveries
     WHERE owner IS NULL AND due_at IS NOT NULL AND lane <> 'slow' AND due_at <= now() AND project_id > $1
     ORDER BY project_id LIMIT 1)
    UNION ALL
    (SELECT project_id FROM deliveries
     WHERE owner IS NULL AND due_at IS NOT NULL AND lane <> 'slow' AND due_at <= now()
     ORDER BY project_id LIMIT 1)
  ) AS next LIMIT 1`;
/** The project whose turn it is, or null when nothing is due. `lastServed` is '' at first. */

export async function nextProjectDue(db: Queryable, lastServed: string): Promise<string | null> {
  const { rows } = await db.query<{ project_id: string }>({
    name: 'next-project-due',
    text: NEXT_PROJECT,
    values: [lastServed],
  });
  return rows[0]?.project_id ?? null;
}
/** Such deliveries get an activity each (hasDelayShorterThanTimeout): fewer in a workflow keep its history short. */

export const MAX_SHORT_DELAY_BATCH = 25;
export const HAS_SHORT_DELAY = (
  policy: string,
): string => `EXISTS (SELECT FROM jsonb_array_elements_text(${policy}::jsonb->'delays') AS delay
           WHERE delay::int < (${policy}::jsonb->>'timeout')::int)`;
// What the oldest due row may travel with: the same policy; its own event only when groups are off; nothing
// when it travels alone. Below `least` nothing is taken unless the oldest has waited for long. SKIP LOCKED: several
// API processes assign at once. Two statements, since one with a switch would read the whole queue for the few rows of one event.
const assignStatement = (company: string): string => `
  WITH oldest AS (
    SELECT id, policy, event_id, lane, due_at FROM deliveries
    WHERE owner IS NULL AND due_at IS NOT NULL AND lane <> 'slow' AND due_at <= now() AND project_id = $1
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
  ), room AS (
    SELECT CASE WHEN lane = 'isolated' THEN 1
                WHEN ${HAS_SHORT_DELAY('policy')} THEN least($2::int, ${MAX_SHORT_DELAY_BATCH})
                ELSE $2::int END AS n
    FROM oldest
  ), company AS (
    SELECT d.id, d.event_id FROM deliveries d, oldest
    WHERE d.owner IS NULL AND d.due_at IS NOT NULL AND d.lane <> 'slow' AND d.due_at <= now() AND d.project_id = $1
      AND d.policy = oldest.policy AND d.lane = oldest.lane
      AND (oldest.lane <> 'isolated' OR d.id = oldest.id)
      ${company}
    ORDER BY d.due_at LIMIT (SELECT n FROM room)
    FOR UPDATE OF d SKIP LOCKED
  ), named AS (
    SELECT CASE WHEN count(DISTINCT event_id) = 1 THEN 'event/' || $1 || '/' || min(event_id) || '/' || $4
                ELSE 'group/' || $1 || '/' || $4 END AS workflow_id
    FROM company
    HAVING count(*) >= least($3::int, (SELECT n FROM room))
        OR (SELECT due_at FROM oldest) < now() - $5 * interval '1 millisecond'
  )
  UPDATE deliveries d SET owner = named.workflow_id, workflow_id = named.workflow_id, ${IN_HAND_OF('$6')}
  FROM company, named
  WHERE d.id = company.id
  RETURNING d.id, d.step, d.event_id, d.project_id, d.policy, d.lane, d.owner,
            (SELECT e.type FROM events e WHERE e.project_id = d.project_id AND e.id = d.event_id) AS type`;
const ASSIGN = assignStatement('');
const ASSIGN_ONE_EVENT = assignStatement('AND d.event_id = oldest.event_id');
/**
 * Gives up to `most` due deliveries of a project to a new workflow; null when fewer than `least` could be taken,
 * or than the fullest group that the oldest of them may travel in, and that one has not waited for `patienceMs`
 * (null: however long).
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
