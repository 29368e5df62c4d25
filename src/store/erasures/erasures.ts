import type { Queryable } from '../postgres/database.ts';
import { maxId } from '../postgres/ids.ts';
import { type Page, type PageRequest, pageOf } from '../postgres/pages.ts';

export type ErasureKind = 'event' | 'consumer' | 'project';

export type Erasure = {
  id: string;
  projectId: string;
  kind: ErasureKind;
  /** The id of the event, the consumer or the project. */
  subject: string;
  createdAt: Date;
  /** Null while the job runs. */
  completedAt: Date | null;
  eventsErased: number;
  workflowsDeleted: number;
  /** `attempts`: under way, and end first. `temporal`: it does not respond. */
  waitingFor: 'attempts' | 'temporal' | null;
};

export const ERASURE_COLUMNS = `
  id, project_id AS "projectId", kind, subject, created_at AS "createdAt", completed_at AS "completedAt",
  events_erased::float8 AS "eventsErased", workflows_deleted::float8 AS "workflowsDeleted", waiting_for AS "waitingFor"`;

const FIND = `SELECT ${ERASURE_COLUMNS} FROM erasures WHERE id = $1 AND ($2::text IS NULL OR project_id = $2)`;

/** Returns a job; `projectId` null: of any project. */
export async function findErasure(
  db: Queryable,
  projectId: string | null,
  id: string,
): Promise<Erasure | undefined> {
  return (await db.query<Erasure>(FIND, [id, projectId])).rows[0];
}

const LIST_ALL = `SELECT ${ERASURE_COLUMNS} FROM erasures WHERE id < $1 ORDER BY id DESC LIMIT $2`;
// The project is bounded from both sides for the reason given at alongIndex in delivery-lists.ts.
const LIST_OF_PROJECT = `
  SELECT ${ERASURE_COLUMNS} FROM erasures
  WHERE (project_id, id) < ($3, $1::text) AND project_id >= $3
  ORDER BY project_id DESC, id DESC
  LIMIT $2`;

/** Lists jobs, newest first; `projectId` null: those of all projects. */
export async function listErasures(
  db: Queryable,
  projectId: string | null,
  page: PageRequest,
): Promise<Page<Erasure>> {
  const values = [page.after?.[0] ?? maxId('era'), page.limit + 1];
  const { rows } = await (projectId === null
    ? db.query<Erasure>(LIST_ALL, values)
    : db.query<Erasure>(LIST_OF_PROJECT, [...values, projectId]));
  return pageOf(rows, page.limit, ({ id }) => [id]);
}

const REMOVE_OLD = `
  DELETE FROM erasures WHERE id IN (SELECT id FROM erasures WHERE completed_at < $1 ORDER BY id LIMIT 5000)`;

/** Removes up to 5,000 jobs that were completed before `before`. Returns how many. */
export async function removeOldErasures(db: Queryable, before: Date): Promise<number> {
  return (await db.query(REMOVE_OLD, [before])).rowCount ?? 0;
}
