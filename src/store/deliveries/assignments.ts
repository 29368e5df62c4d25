import type { Lane } from '../../policy/outcome.ts';
import type { Queryable } from '../postgres/database.ts';

/** Deliveries that have just become a workflow's. */
export type Assignment = {
  workflowId: string;
  projectId: string;
  policy: string;
  lane: Lane;
  deliveries: { id: string; step: number; eventId: string; type: string }[];
};

type AssignedRow = {
  id: string;
  step: number;
  event_id: string;
  type: string;
  project_id: string;
  policy: string;
  lane: Lane;
  owner: string;
};

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

const HAS_SHORT_DELAY = (policy: string): string =>
  `EXISTS (SELECT FROM jsonb_array_elements_text(${policy}::jsonb->'delays') AS delay
           WHERE delay::int < (${policy}::jsonb->>'timeout')::int)`;

// A claim that is still open keeps its own: it is written off when that process is gone.
const IN_HAND_OF = (processId: string): string =>
  `process_id = CASE WHEN d.claimed_at IS NULL THEN ${processId}::text ELSE d.process_id END`;

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

function assignmentOf(rows: AssignedRow[]): Assignment | null {
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
