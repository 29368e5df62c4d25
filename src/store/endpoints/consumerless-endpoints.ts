import type { Queryable } from '../postgres/database.ts';

const OF_PROJECT = `
  SELECT count(*)::int AS count FROM endpoints WHERE project_id = $1 AND consumer IS NULL AND status <> 'deleted'`;

/** How many endpoints of a project have no consumer. */
export async function countConsumerlessOfProject(db: Queryable, projectId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(OF_PROJECT, [projectId]);
  return rows[0]!.count;
}

const UNDER_PROFILE = `
  SELECT count(*)::int AS count
  FROM projects project JOIN endpoints endpoint ON endpoint.project_id = project.id
  WHERE project.profile = $2 AND endpoint.consumer IS NULL AND endpoint.status <> 'deleted'
    AND CASE WHEN $1 = ''
             THEN NOT EXISTS (SELECT FROM profiles own WHERE own.scope = project.id AND own.name = $2)
             ELSE project.id = $1 END`;

/** The same of the endpoints whose projects use the profile of that scope and name. */
export async function countConsumerlessUnderProfile(
  db: Queryable,
  scope: string,
  name: string,
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(UNDER_PROFILE, [scope, name]);
  return rows[0]!.count;
}
