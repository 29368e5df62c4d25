import type { Queryable } from '../postgres/database.ts';
import { usesProfile } from '../projects/profile-scope.ts';

const OF_PROJECT = `
  SELECT count(*)::int AS count FROM endpoints WHERE project_id = $1 AND consumer IS NULL AND status <> 'deleted'`;

/** Returns how many of the project's endpoints have no consumer. */
export async function countConsumerlessOfProject(db: Queryable, projectId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(OF_PROJECT, [projectId]);
  return rows[0]!.count;
}

const OF_PROFILE = `
  SELECT count(*)::int AS count
  FROM projects project JOIN endpoints endpoint ON endpoint.project_id = project.id
  WHERE ${usesProfile('project', '$1', '$2')} AND endpoint.consumer IS NULL AND endpoint.status <> 'deleted'`;

/** Like countConsumerlessOfProject, for all projects that use the profile of that scope and name. */
export async function countConsumerlessUnderProfile(
  db: Queryable,
  scope: string,
  name: string,
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(OF_PROFILE, [scope, name]);
  return rows[0]!.count;
}
