import type { EndpointSelection } from '../../policy/endpoint-selection.ts';
import type { Queryable } from '../postgres/database.ts';

export type OpenOfEndpoint = { projectId: string; endpointId: string; open: number };

/** So that no more series exist, however many projects there are. */
const MAX_ENDPOINTS = 1_000;

const OPEN = `
  SELECT backlog.project_id AS "projectId", listed.endpoint AS "endpointId", listed.pending + listed.retrying + listed.held AS open
  FROM backlog
  JOIN projects ON projects.id = backlog.project_id AND projects.operational_of IS NULL
  CROSS JOIN LATERAL jsonb_to_recordset(backlog.endpoints)
    AS listed (endpoint text, pending int, retrying int, held int)
  WHERE backlog.scope = '' AND ($1 OR backlog.project_id = ANY ($2::text[]) OR listed.endpoint = ANY ($3::text[]))
  ORDER BY open DESC, listed.endpoint
  LIMIT ${MAX_ENDPOINTS}`;

/** Returns up to 1,000 selected endpoints with the most open deliveries, out of the 20 of each project that were counted last. */
export async function openOfEndpoints(
  db: Queryable,
  selection: EndpointSelection,
): Promise<OpenOfEndpoint[]> {
  const [projects, endpoints] =
    selection === 'all' ? [[], []] : [[...selection.projects], [...selection.endpoints]];
  const { rows } = await db.query<OpenOfEndpoint>(OPEN, [selection === 'all', projects, endpoints]);
  return rows;
}

const KEPT = `SELECT id FROM endpoints WHERE id = ANY ($1::text[]) AND status <> 'deleted'`;

/** Returns which of these endpoints are deleted, or no longer stored. */
export async function deletedEndpoints(db: Queryable, ids: string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const { rows } = await db.query<{ id: string }>(KEPT, [ids]);
  const kept = new Set(rows.map(({ id }) => id));
  return ids.filter((id) => !kept.has(id));
}
