import type { Queryable } from '../postgres/database.ts';

/** The most entries that one statement removes, so that it ends within seconds: it counts the entries of the project, too. */
const MAX_ENTRIES = 5_000;

const REMOVE_OLD = 'SELECT remove_old_audit_entries($1, $2) AS n';

/** Removes up to 5,000 entries older than `before`. Returns how many; 0: none is left. */
export async function removeOldAuditEntries(db: Queryable, before: Date): Promise<number> {
  const { rows } = await db.query<{ n: number }>(REMOVE_OLD, [before, MAX_ENTRIES]);
  return rows[0]!.n;
}

const NEXT_PROJECT = `
  SELECT min(project_id) AS id FROM audit_entries WHERE project_id > $1`;

const REMOVE_EXCESS = 'SELECT remove_excess_audit_entries($1, $2::int, $3::int, $4::int) AS n';

export type AuditShares = {
  /** How many entries of the admin key are kept, how many of the project's keys, and how many of its consumers together. */
  ofProject: number;
  /** How many entries of one consumer are kept, as long as there is room for as many of each. */
  ofConsumer: number;
};

/**
 * Removes what the first project after `afterId`, in id order, has beyond its shares, the oldest entries of each share first.
 * Returns the id of the project; null if there is none.
 */
export async function removeExcessAuditEntries(
  db: Queryable,
  afterId: string,
  { ofProject, ofConsumer }: AuditShares,
): Promise<string | null> {
  const { rows } = await db.query<{ id: string | null }>(NEXT_PROJECT, [afterId]);
  const projectId = rows[0]!.id;
  if (projectId === null) return null;
  const values = [projectId, ofProject, ofConsumer, MAX_ENTRIES];
  while ((await db.query<{ n: number }>(REMOVE_EXCESS, values)).rows[0]!.n === MAX_ENTRIES);
  return projectId;
}
