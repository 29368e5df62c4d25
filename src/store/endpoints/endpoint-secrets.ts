import type { Queryable } from '../postgres/database.ts';
import { usesProfile } from '../projects/profile-scope.ts';

/** An endpoint with its sealed JSON array of secrets. */
export type EndpointSecrets = { id: string; projectId: string; secrets: Buffer };

/** Endpoints in one batch. Opening their secrets blocks the main thread for about 5 ms. */
const BATCH = 500;

const OF_PROJECT = `
  SELECT id, project_id AS "projectId", secrets
  FROM endpoints
  WHERE project_id = $1 AND status <> 'deleted' AND id > $2
  ORDER BY id
  LIMIT ${BATCH}`;

/** Returns the project's next 500 endpoints after an id, in id order; empty when there are no more. */
export async function secretsOfProject(
  db: Queryable,
  projectId: string,
  after: string,
): Promise<EndpointSecrets[]> {
  const { rows } = await db.query<EndpointSecrets>(OF_PROJECT, [projectId, after]);
  return rows;
}

const OF_PROFILE = `
  SELECT endpoint.id, endpoint.project_id AS "projectId", endpoint.secrets
  FROM projects project JOIN endpoints endpoint ON endpoint.project_id = project.id
  WHERE ${usesProfile('project', '$1', '$2')} AND endpoint.status <> 'deleted' AND endpoint.id > $3
  ORDER BY endpoint.id
  LIMIT ${BATCH}`;

/** Like secretsOfProject, for all projects that use the profile of that scope and name. */
export async function secretsUnderProfile(
  db: Queryable,
  scope: string,
  name: string,
  after: string,
): Promise<EndpointSecrets[]> {
  const { rows } = await db.query<EndpointSecrets>(OF_PROFILE, [scope, name, after]);
  return rows;
}
