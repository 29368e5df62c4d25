import type { Queryable } from '../postgres/database.ts';

/** An endpoint with its sealed JSON array of secrets. */
export type EndpointSecrets = { id: string; projectId: string; secrets: Buffer };

/** So many at a time: opening them holds up everything else for about five milliseconds. */
const BATCH = 500;

const OF_PROJECT = `
  SELECT id, project_id AS "projectId", secrets
  FROM endpoints
  WHERE project_id = $1 AND status <> 'deleted' AND id > $2
  ORDER BY id
  LIMIT ${BATCH}`;

/** The next of a project's endpoints after an id, in the order of ids; empty when there are no more. */
export async function secretsOfProject(
  db: Queryable,
  projectId: string,
  after: string,
): Promise<EndpointSecrets[]> {
  const { rows } = await db.query<EndpointSecrets>(OF_PROJECT, [projectId, after]);
  return rows;
}

const UNDER_PROFILE = `
  SELECT endpoint.id, endpoint.project_id AS "projectId", endpoint.secrets
  FROM projects project JOIN endpoints endpoint ON endpoint.project_id = project.id
  WHERE project.profile = $2 AND endpoint.status <> 'deleted' AND endpoint.id > $3
    AND CASE WHEN $1 = ''
             THEN NOT EXISTS (SELECT FROM profiles own WHERE own.scope = project.id AND own.name = $2)
             ELSE project.id = $1 END
  ORDER BY endpoint.id
  LIMIT ${BATCH}`;

/** The same of the endpoints whose projects use the profile of that scope and name. */
export async function secretsUnderProfile(
  db: Queryable,
  scope: string,
  name: string,
  after: string,
): Promise<EndpointSecrets[]> {
  const { rows } = await db.query<EndpointSecrets>(UNDER_PROFILE, [scope, name, after]);
  return rows;
}
