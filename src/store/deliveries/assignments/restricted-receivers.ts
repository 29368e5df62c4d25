import { OVERDUE_MS, PERMIT_AHEAD_MS } from '../../../policy/pacing.ts';
import type { Queryable } from '../../postgres/database.ts';

/**
 * A receiver with unassigned deliveries, by the first of them that is due.
 *
 * `dueForMs`: for how long it has been due; 0 or less if none is due yet. `isDue`: it is due, and the gate is not known to
 * be shut. `isOverdue`: for so long that Posthorn was away, or the receiver is restricted. `isOrdered`: it belongs to an order.
 */
export type RestrictedReceiver = {
  receiver: string;
  projectId: string;
  dueForMs: number;
  isDue: boolean;
  isOverdue: boolean;
  isOrdered: boolean;
};

// A gate that is shut is not locked for nothing.
const RECEIVER_COLUMNS = `
  waiting.receiver, waiting.project_id AS "projectId", waiting.ordered AS "isOrdered",
  (extract(epoch FROM now() - waiting.due_at) * 1000)::float8 AS "dueForMs",
  waiting.due_at < now() - interval '${OVERDUE_MS} milliseconds' AS "isOverdue",
  waiting.due_at <= now() AND coalesce((
    SELECT coalesce(gate.not_before <= now(), true)
       AND coalesce(gate.next_start_at <= now() + interval '${PERMIT_AHEAD_MS} milliseconds', true)
    FROM receiver_gates gate WHERE gate.receiver = waiting.receiver), true) AS "isDue"`;

const IS_WAITING = `owner IS NULL AND indexed_due_at IS NOT NULL AND lane = 'restricted'`;

// Both jump along the index from one to the next, so that long backlogs are not read.
const PROJECTS = `
  WITH RECURSIVE waiting AS (
    (SELECT project_id, 1 AS n FROM deliveries WHERE ${IS_WAITING} AND project_id > $1 ORDER BY project_id LIMIT 1)
    UNION ALL
    SELECT following.project_id, waiting.n + 1
    FROM waiting CROSS JOIN LATERAL (
      SELECT d.project_id FROM deliveries d WHERE ${IS_WAITING} AND d.project_id > waiting.project_id
      ORDER BY d.project_id LIMIT 1
    ) AS following
    WHERE waiting.n < $2
  )
  SELECT project_id AS "projectId" FROM waiting`;

/** Returns up to `limit` projects with unassigned deliveries to restricted receivers, in order, after the project `after`. */
export async function restrictedProjectsWaiting(
  db: Queryable,
  after: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await db.query<{ projectId: string }>({
    name: 'restricted-projects-waiting',
    text: PROJECTS,
    values: [after, limit],
  });
  return rows.map(({ projectId }) => projectId);
}

const RECEIVERS = `
  SELECT ${RECEIVER_COLUMNS}
  FROM unnest($1::text[], $2::text[]) AS wanted (project_id, after)
  CROSS JOIN LATERAL (
    WITH RECURSIVE waiting AS (
      (SELECT receiver, project_id, due_at, ordered, 1 AS n FROM deliveries
       WHERE ${IS_WAITING} AND project_id = wanted.project_id AND receiver > wanted.after
       ORDER BY receiver, indexed_due_at, id LIMIT 1)
      UNION ALL
      SELECT following.receiver, following.project_id, following.due_at, following.ordered, waiting.n + 1
      FROM waiting CROSS JOIN LATERAL (
        SELECT d.receiver, d.project_id, d.due_at, d.ordered FROM deliveries d
        WHERE ${IS_WAITING} AND d.project_id = wanted.project_id AND d.receiver > waiting.receiver
        ORDER BY d.receiver, d.indexed_due_at, d.id LIMIT 1
      ) AS following
      WHERE waiting.n < $3
    )
    SELECT * FROM waiting
  ) AS waiting`;

/** Where to go on: after this receiver of the project. */
export type ProjectPosition = { projectId: string; after: string };

/** Returns up to `limit` restricted receivers of each project with unassigned deliveries, in order. */
export async function restrictedReceiversWaiting(
  db: Queryable,
  positions: ProjectPosition[],
  limit: number,
): Promise<RestrictedReceiver[]> {
  const { rows } = await db.query<RestrictedReceiver>({
    name: 'restricted-receivers-waiting',
    text: RECEIVERS,
    values: [positions.map(({ projectId }) => projectId), positions.map(({ after }) => after), limit],
  });
  return rows;
}

const RECEIVERS_AMONG = `
  SELECT ${RECEIVER_COLUMNS}
  FROM unnest($1::text[], $2::text[]) AS wanted (project_id, receiver)
  CROSS JOIN LATERAL (
    SELECT * FROM deliveries
    WHERE ${IS_WAITING} AND project_id = wanted.project_id AND receiver = wanted.receiver
    ORDER BY indexed_due_at, id LIMIT 1
  ) AS waiting`;

/** Returns those of `receivers` that have unassigned deliveries. */
export async function restrictedReceiversAmong(
  db: Queryable,
  receivers: Pick<RestrictedReceiver, 'receiver' | 'projectId'>[],
): Promise<RestrictedReceiver[]> {
  const { rows } = await db.query<RestrictedReceiver>({
    name: 'restricted-receivers-among',
    text: RECEIVERS_AMONG,
    values: [receivers.map(({ projectId }) => projectId), receivers.map(({ receiver }) => receiver)],
  });
  return rows;
}
