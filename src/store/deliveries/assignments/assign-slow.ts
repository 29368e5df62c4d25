import type { Queryable } from '../../postgres/database.ts';
import { type AssignedRow, type Assignment, assignmentOf, IN_HAND_OF } from './assignment.ts';

// By index jumps from one receiver that has something waiting to the next: backlogs are not read, however long.
const SLOW_RECEIVERS = `
  WITH RECURSIVE waiting AS (
    (SELECT receiver, project_id, 1 AS n FROM deliveries
     WHERE owner IS NULL AND due_at IS NOT NULL AND lane = 'slow' AND receiver > $1
     ORDER BY receiver, due_at LIMIT 1)
    UNION ALL
    SELECT next.receiver, next.project_id, waiting.n + 1
    FROM waiting CROSS JOIN LATERAL (
      SELECT d.receiver, d.project_id FROM deliveries d
      WHERE d.owner IS NULL AND d.due_at IS NOT NULL AND d.lane = 'slow' AND d.receiver > waiting.receiver
      ORDER BY d.receiver, d.due_at LIMIT 1
    ) AS next
    WHERE waiting.n < $2
  )
  SELECT receiver, project_id AS "projectId" FROM waiting`;

export type SlowReceiver = { receiver: string; projectId: string };
/** Slow receivers for which something waits, in their order, from the first one after `after`; at most `limit`. */

export async function slowReceiversWaiting(
  db: Queryable,
  after: string,
  limit: number,
): Promise<SlowReceiver[]> {
  const { rows } = await db.query<SlowReceiver>({
    name: 'slow-receivers-waiting',
    text: SLOW_RECEIVERS,
    values: [after, limit],
  });
  return rows;
}
// Takes of each receiver what it has room for: what it is owed now by any workflow counts.
const ASSIGN_SLOW = `
  WITH waiting AS (
    SELECT unnest($6::text[]) AS receiver
  ), busy AS (
    SELECT receiver, count(*) AS n FROM deliveries
    WHERE owner IS NOT NULL AND due_at <= now() GROUP BY receiver
  ), candidate AS (
    SELECT d.id, d.project_id, d.policy, d.event_id, d.due_at
    FROM waiting
    LEFT JOIN busy ON busy.receiver = waiting.receiver
    CROSS JOIN LATERAL (
      SELECT * FROM deliveries d
      WHERE d.owner IS NULL AND d.due_at IS NOT NULL AND d.lane = 'slow' AND d.due_at <= now()
        AND d.receiver = waiting.receiver
      ORDER BY d.due_at LIMIT greatest(0, $1 - coalesce(busy.n, 0))
    ) AS d
  ), company AS (
    SELECT d.id, d.project_id, d.event_id
    FROM deliveries d
    JOIN candidate ON candidate.id = d.id
    JOIN (SELECT project_id, policy, event_id FROM candidate ORDER BY due_at LIMIT 1) AS oldest
      ON oldest.project_id = candidate.project_id AND oldest.policy = candidate.policy
     AND ($3 OR oldest.event_id = candidate.event_id)
    WHERE d.owner IS NULL AND d.due_at IS NOT NULL AND d.lane = 'slow'
    ORDER BY candidate.due_at LIMIT $2
    FOR UPDATE OF d SKIP LOCKED
  ), named AS (
    SELECT CASE WHEN count(DISTINCT event_id) = 1 THEN 'event/' || min(project_id) || '/' || min(event_id) || '/' || $4
                ELSE 'group/' || min(project_id) || '/' || $4 END AS workflow_id
    FROM company HAVING count(*) > 0
  )
  UPDATE deliveries d SET owner = named.workflow_id, workflow_id = named.workflow_id, ${IN_HAND_OF('$5')}
  FROM company, named
  WHERE d.id = company.id
  RETURNING d.id, d.step, d.event_id, d.project_id, d.policy, d.lane, d.owner,
            (SELECT e.type FROM events e WHERE e.project_id = d.project_id AND e.id = d.event_id) AS type`;
/** Gives due deliveries of these slow receivers to a new workflow, each receiver as many as `roomPerReceiver` leaves. */

export async function assignSlow(
  db: Queryable,
  receivers: string[],
  {
    maxPerReceiver,
    maxDeliveries,
    grouping,
    uuid,
    processId = null,
  }: {
    maxPerReceiver: number;
    maxDeliveries: number;
    grouping: boolean;
    uuid: string;
    processId?: string | null;
  },
): Promise<Assignment | null> {
  const { rows } = await db.query<AssignedRow>({
    name: 'assign-slow',
    text: ASSIGN_SLOW,
    values: [maxPerReceiver, maxDeliveries, grouping, uuid, processId, receivers],
  });
  return assignmentOf(rows);
}
