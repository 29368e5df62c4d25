import type { Queryable } from '../../postgres/database.ts';
import {
  type AssignedRow,
  type Assignment,
  assignBatch,
  assignmentOf,
  maxDeliveriesFor,
  workflowIdOf,
} from './assignment.ts';

// Jumps along the index from one receiver to the next, so that long backlogs are not read.
const SLOW_RECEIVERS = `
  WITH RECURSIVE waiting AS (
    (SELECT receiver, project_id, 1 AS n FROM deliveries
     WHERE owner IS NULL AND due_at IS NOT NULL AND lane = 'slow' AND receiver > $1
     ORDER BY receiver, due_at LIMIT 1)
    UNION ALL
    SELECT following.receiver, following.project_id, waiting.n + 1
    FROM waiting CROSS JOIN LATERAL (
      SELECT d.receiver, d.project_id FROM deliveries d
      WHERE d.owner IS NULL AND d.due_at IS NOT NULL AND d.lane = 'slow' AND d.receiver > waiting.receiver
      ORDER BY d.receiver, d.due_at LIMIT 1
    ) AS following
    WHERE waiting.n < $2
  )
  SELECT receiver, project_id AS "projectId" FROM waiting`;

export type SlowReceiver = { receiver: string; projectId: string };

/** Returns up to `limit` slow receivers with unassigned deliveries, in order, starting after the receiver `after`. */
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

// Takes from each receiver as many as its limit leaves; due deliveries that any workflow owns count against the limit.
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
  ), oldest AS (
    SELECT project_id, policy, event_id FROM candidate ORDER BY due_at LIMIT 1
  ), batch AS (
    SELECT d.id, d.project_id, d.event_id
    FROM deliveries d
    JOIN candidate ON candidate.id = d.id
    JOIN oldest ON oldest.project_id = candidate.project_id AND oldest.policy = candidate.policy
     AND ($3 OR oldest.event_id = candidate.event_id)
    WHERE d.owner IS NULL AND d.due_at IS NOT NULL AND d.lane = 'slow'
    ORDER BY candidate.due_at LIMIT (SELECT least($2::int, ${maxDeliveriesFor('policy')}) FROM oldest)
    FOR UPDATE OF d SKIP LOCKED
  ), workflow AS (
    SELECT ${workflowIdOf('min(project_id)')} AS id
    FROM batch HAVING count(*) > 0
  )
  ${assignBatch('$5')}`;

/** Assigns due deliveries of these slow receivers to a new workflow, so that no receiver has more than `maxPerReceiver` due. */
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
