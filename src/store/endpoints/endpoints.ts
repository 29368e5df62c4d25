import type { EncryptionContext } from '../../secrets/secret-box.ts';
import type { Queryable } from '../postgres/database.ts';
import { maxId } from '../postgres/ids.ts';
import { type Page, type PageRequest, pageOf } from '../postgres/pages.ts';
import type { Scope } from '../scope.ts';

export type Endpoint = {
  id: string;
  url: string;
  events: string[];
  consumer: string | null;
  description: string | null;
  /** Sealed JSON object of header names and values; null: none. */
  headers: Buffer | null;
  status: 'active' | 'paused' | 'disabled';
  /** Whose key disabled it; null if it is not disabled, or was disabled before this was recorded. */
  disabledBy: 'project' | 'consumer' | null;
  createdAt: Date;
  updatedAt: Date;
};

/** Replaces a header's value in responses. RFC 9110 does not allow it as a value, so a response sent back unchanged is refused. */
export const MASKED = '••••';

/** The encryption contexts of an endpoint's sealed columns. */
export const endpointSecretsContext = (projectId: string, endpointId: string): EncryptionContext => ({
  project: projectId,
  recordId: endpointId,
  column: 'secrets',
});
export const endpointHeadersContext = (projectId: string, endpointId: string): EncryptionContext => ({
  project: projectId,
  recordId: endpointId,
  column: 'headers',
});

export const ENDPOINT_COLUMNS = `
  id, url, events, consumer, description, headers, status, disabled_by AS "disabledBy", created_at AS "createdAt", updated_at AS "updatedAt"`;

const FIND_ENDPOINT = `
  SELECT ${ENDPOINT_COLUMNS}
  FROM endpoints
  WHERE project_id = $1 AND ($2::text IS NULL OR consumer = $2) AND id = $3 AND status <> 'deleted'`;

export async function findEndpoint(db: Queryable, scope: Scope, id: string): Promise<Endpoint | undefined> {
  const { rows } = await db.query<Endpoint>(FIND_ENDPOINT, [scope.projectId, scope.consumer, id]);
  return rows[0];
}

// Project and consumer are bounded from both sides for the reason given at alongIndex in delivery-lists.ts.
const LIST_OF_PROJECT = `
  SELECT ${ENDPOINT_COLUMNS}
  FROM endpoints
  WHERE (project_id, id) < ($1, $2::text) AND project_id >= $1 AND status <> 'deleted'
  ORDER BY project_id DESC, id DESC
  LIMIT $3`;
const LIST_OF_CONSUMER = `
  SELECT ${ENDPOINT_COLUMNS}
  FROM endpoints
  WHERE (project_id, consumer, id) < ($1, $4, $2::text) AND (project_id, consumer) >= ($1, $4) AND status <> 'deleted'
  ORDER BY project_id DESC, consumer DESC, id DESC
  LIMIT $3`;

export async function listEndpoints(
  db: Queryable,
  scope: Scope,
  filter: { consumer?: string | undefined },
  page: PageRequest,
): Promise<Page<Endpoint>> {
  const { consumer = scope.consumer } = filter;
  // A consumer's key asks for the endpoints of another consumer.
  if (scope.consumer !== null && consumer !== scope.consumer) return { items: [], next: null };
  const values = [scope.projectId, page.after?.[0] ?? maxId('ep'), page.limit + 1];
  const { rows } =
    consumer === null
      ? await db.query<Endpoint>(LIST_OF_PROJECT, values)
      : await db.query<Endpoint>(LIST_OF_CONSUMER, [...values, consumer]);
  return pageOf(rows, page.limit, ({ id }) => [id]);
}

// A null parameter leaves the column unchanged. Description and headers can be set to null, so each has a flag.
const UPDATE_ENDPOINT = `
  UPDATE endpoints
  SET url = coalesce($4, url),
      events = coalesce($5, events),
      description = CASE WHEN $6::boolean THEN $7 ELSE description END,
      headers = CASE WHEN $8::boolean THEN $9 ELSE headers END,
      updated_at = now()
  WHERE project_id = $1 AND ($2::text IS NULL OR consumer = $2) AND id = $3 AND status <> 'deleted'
  RETURNING ${ENDPOINT_COLUMNS}`;

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
