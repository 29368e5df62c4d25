import type { Lane } from '../../../policy/outcome.ts';
import { MAX_DELIVERIES, MAX_RETRIES, MAX_SHORT_DELAY_DELIVERIES } from '../../../policy/workflow-size.ts';
import type { Queryable } from '../../postgres/database.ts';

/** Deliveries that have just been assigned to a workflow. */
export type Assignment = {
  workflowId: string;
  projectId: string;
  policy: string;
  lane: Lane;
  deliveries: AssignedDelivery[];
};

export type AssignedDelivery = {
  id: string;
  step: number;
  eventId: string;
  type: string;
  /** Set if its endpoint wants its deliveries in order, to the id of the endpoint. */
  orderedFor?: string;
  /** Set if the delivery waits for a retry: its delay counts from `endedAt`, a time of performance.now(). */
  retry?: { delayMs: number; endedAt: number; lastOutcome: string };
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
  /** For the deliveries of ordered endpoints: the endpoint. */
  ordered_for?: string | null;
  /** In which order they are attempted. */
  nth?: number;
};

/** SQL: the id of a workflow for the rows of `batch`. It names the event if there is only one. `$4` makes it unique. */
export const workflowIdOf = (projectId: string): string => `
  CASE WHEN count(DISTINCT event_id) = 1 THEN 'event/' || ${projectId} || '/' || min(event_id) || '/' || $4
       ELSE 'group/' || ${projectId} || '/' || $4 END`;

/** SQL: `maxDeliveriesOf` the policy. */
export const maxDeliveriesFor = (policy: string): string => `
  CASE WHEN EXISTS (SELECT FROM jsonb_array_elements_text(${policy}::jsonb->'delays') AS delay
                    WHERE delay::int < (${policy}::jsonb->>'timeout')::int)
       THEN ${MAX_SHORT_DELAY_DELIVERIES}
       ELSE least(${MAX_DELIVERIES}, ${MAX_RETRIES} / greatest(1, jsonb_array_length(${policy}::jsonb->'delays'))) END`;

/**
 * SQL: the end of a WITH with the parts `batch` and `workflow`: gives the batch to the workflow, on behalf of a process. An
 * open claim keeps its process, because the claim is written off only when that process is lost.
 */
export const assignBatch = (
  processId: string,
  permittedAt = 'd.permitted_at',
  alsoReturned = '',
): string => `, assigned AS (
    UPDATE deliveries d
    SET owner = workflow.id, workflow_id = workflow.id, permitted_at = ${permittedAt},
        process_id = CASE WHEN d.claimed_at IS NULL THEN ${processId}::text ELSE d.process_id END
    FROM batch, workflow
    WHERE d.id = batch.id
    RETURNING d.id, d.step, d.event_id, d.project_id, d.policy, d.lane, d.owner, d.status,
              (SELECT e.type FROM events e WHERE e.project_id = d.project_id AND e.id = d.event_id) AS type
              ${alsoReturned}
  ), listed AS (
    INSERT INTO assigned_first_attempts (delivery_id)
    SELECT id FROM assigned WHERE status = 'pending'
    ON CONFLICT DO NOTHING
  )
  SELECT * FROM assigned`;

export function assignmentOf(rows: AssignedRow[]): Assignment | null {
  const first = rows[0];
  if (!first) return null;
  return {
    workflowId: first.owner,
    projectId: first.project_id,
    policy: first.policy,
    lane: first.lane,
    deliveries: rows
      .sort((a, b) => (a.nth ?? 0) - (b.nth ?? 0))
      .map(({ id, step, event_id: eventId, type, ordered_for: orderedFor }) => ({
        ...{ id, step, eventId, type },
        ...(orderedFor && { orderedFor }),
      })),
  };
}

const RELEASE_UNSTARTED = `
  UPDATE deliveries d SET owner = NULL
  FROM (SELECT id FROM deliveries
        WHERE id = ANY ($2::text[]) AND owner = $1 AND due_at IS NOT NULL AND claimed_at IS NULL
        ORDER BY id FOR UPDATE) AS unstarted
  WHERE d.id = unstarted.id
  RETURNING d.id`;

/**
 * Releases deliveries from a workflow that did not start or has no free slot, unless they have another owner by now or
 * an open claim. Returns the ids of the deliveries that are unassigned now.
 */
export async function releaseUnstarted(db: Queryable, owner: string, ids: string[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(RELEASE_UNSTARTED, [owner, ids]);
  return rows.map(({ id }) => id);
}
