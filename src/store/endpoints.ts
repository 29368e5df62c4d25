import type { Queryable } from './database.ts';
import { type Page, type PageRequest, pageOf } from './pages.ts';

/** What a caller may see: project-wide with `consumer` null, else only that consumer's. */
export type Scope = { projectId: string; consumer: string | null };

export type Endpoint = {
  id: string;
  url: string;
  events: string[];
  consumer: string | null;
  description: string | null;
  /** Sealed JSON object of header names and values; null: none. */
  headers: Buffer | null;
  status: 'active' | 'paused' | 'disabled';
  createdAt: Date;
  updatedAt: Date;
};

/** Shown for a header's value. Itself none as of RFC 9110, so an answer that is sent back unchanged is refused. */
export const MASKED = '••••';

/** The places that an endpoint's sealed columns are bound to. */
export const endpointSecretsOf = (projectId: string, endpointId: string) => ({
  project: projectId,
  owner: endpointId,
  column: 'secrets',
});
export const endpointHeadersOf = (projectId: string, endpointId: string) => ({
  project: projectId,
  owner: endpointId,
  column: 'headers',
});

const COLUMNS = `
  id, url, events, consumer, description, headers, status, created_at AS "createdAt", updated_at AS "updatedAt"`;

// A consumer that an endpoint names first is made with it.
const INSERT_ENDPOINT = `
  WITH new_consumer AS (
    INSERT INTO consumers (project_id, id) SELECT $2, $3 WHERE $3::text IS NOT NULL ON CONFLICT DO NOTHING
  )
  INSERT INTO endpoints (id, project_id, consumer, url, events, description, secrets, headers)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  RETURNING ${COLUMNS}`;

export type NewEndpoint = Pick<Endpoint, 'id' | 'url' | 'events' | 'consumer' | 'description' | 'headers'> & {
  projectId: string;
  /** Sealed JSON array, newest first. */
  secrets: Buffer;
};

export async function insertEndpoint(db: Queryable, endpoint: NewEndpoint): Promise<Endpoint> {
  const { id, projectId, consumer, url, events, description, secrets, headers } = endpoint;
  const values = [id, projectId, consumer, url, events, description, secrets, headers];
  const { rows } = await db.query<Endpoint>(INSERT_ENDPOINT, values);
  return rows[0]!;
}

const FIND_ENDPOINT = `
  SELECT ${COLUMNS}
  FROM endpoints
  WHERE project_id = $1 AND ($2::text IS NULL OR consumer = $2) AND id = $3 AND status <> 'deleted'`;

export async function findEndpoint(db: Queryable, scope: Scope, id: string): Promise<Endpoint | undefined> {
  const { rows } = await db.query<Endpoint>(FIND_ENDPOINT, [scope.projectId, scope.consumer, id]);
  return rows[0];
}

const LIST_ENDPOINTS = `
  SELECT ${COLUMNS}
  FROM endpoints
  WHERE project_id = $1 AND ($2::text IS NULL OR consumer = $2) AND status <> 'deleted'
    AND ($3::text IS NULL OR consumer = $3)
    AND ($4::text IS NULL OR id < $4)
  ORDER BY id DESC
  LIMIT $5`;

export async function listEndpoints(
  db: Queryable,
  scope: Scope,
  filter: { consumer?: string | undefined },
  page: PageRequest,
): Promise<Page<Endpoint>> {
  const after = page.after?.[0] ?? null;
  const values = [scope.projectId, scope.consumer, filter.consumer ?? null, after, page.limit + 1];
  const { rows } = await db.query<Endpoint>(LIST_ENDPOINTS, values);
  return pageOf(rows, page.limit, ({ id }) => [id]);
}

// What is not to change comes as null; description and headers may be set to null, so each has a switch.
const UPDATE_ENDPOINT = `
  UPDATE endpoints
  SET url = coalesce($4, url),
      events = coalesce($5, events),
      description = CASE WHEN $6::boolean THEN $7 ELSE description END,
      headers = CASE WHEN $8::boolean THEN $9 ELSE headers END,
      updated_at = now()
  WHERE project_id = $1 AND ($2::text IS NULL OR consumer = $2) AND id = $3 AND status <> 'deleted'
  RETURNING ${COLUMNS}`;

export type EndpointChanges = {
  url?: string | undefined;
  events?: string[] | undefined;
  description?: string | null | undefined;
  headers?: Buffer | null | undefined;
};

export async function updateEndpoint(
  db: Queryable,
  scope: Scope,
  id: string,
  { url, events, description, headers }: EndpointChanges,
): Promise<Endpoint | undefined> {
  const { rows } = await db.query<Endpoint>(UPDATE_ENDPOINT, [
    scope.projectId,
    scope.consumer,
    id,
    url ?? null,
    events ?? null,
    description !== undefined,
    description ?? null,
    headers !== undefined,
    headers ?? null,
  ]);
  return rows[0];
}
