import type { Queryable } from '../postgres/database.ts';
import { maxId } from '../postgres/ids.ts';
import { allOf, MAX_ROWS_SCANNED, type PageRequest, pageOf, withParameters } from '../postgres/pages.ts';
import type { ScannedPage } from '../postgres/searches.ts';
import type { Scope } from '../scope.ts';
import { ENDPOINT_COLUMNS, type Endpoint, type EndpointStatus } from './endpoints.ts';

export type EndpointFilter = {
  consumer?: string | undefined;
  statuses?: readonly EndpointStatus[] | undefined;
  /** A part of the URL or the description, whatever the case of its letters. */
  text?: string | undefined;
};

// $1 project, $2 the id to go on before, $3 endpoints on a page, $4 rows to scan, $5 statuses, $6 text, $7 consumer.
const PARAMETERS = withParameters(['text', 'text', 'int', 'int', 'text[]', 'text', 'text']);

const matches = ({ statuses, text }: EndpointFilter): string =>
  allOf([
    statuses !== undefined && 'status = ANY ($5)',
    text !== undefined && '(strpos(lower(url), lower($6)) > 0 OR strpos(lower(description), lower($6)) > 0)',
  ]);

/**
 * SQL: a page of the matching rows of a range. If the range has more rows than may be scanned, the page ends at the last
 * scanned row, the `endPosition`, because there may be matches after it.
 */
const pageAmong = (range: (columns: string) => string, filter: EndpointFilter): string => `
  WITH ${PARAMETERS}, found AS MATERIALIZED (
    SELECT * FROM (${range('*')} LIMIT $4) AS scanned WHERE ${matches(filter)} ORDER BY id DESC LIMIT $3 + 1
  ), scanned_to AS MATERIALIZED (
    SELECT last.id AS end_position FROM (${range('id')} OFFSET $4 - 1 LIMIT 1) AS last
    WHERE (SELECT count(*) FROM found) <= $3
  )
  SELECT ${ENDPOINT_COLUMNS}, end_position AS "endPosition"
  FROM (SELECT) AS one_row LEFT JOIN found ON true LEFT JOIN scanned_to ON true
  ORDER BY id DESC`;

// Project and consumer are bounded from both sides for the reason given at alongIndex in delivery-lists.ts.
const ofProject = (columns: string): string => `
  SELECT ${columns} FROM endpoints
  WHERE (project_id, id) < ($1, $2) AND project_id >= $1 AND status <> 'deleted'
  ORDER BY project_id DESC, id DESC`;
const ofConsumer = (columns: string): string => `
  SELECT ${columns} FROM endpoints
  WHERE (project_id, consumer, id) < ($1, $7, $2) AND (project_id, consumer) >= ($1, $7) AND status <> 'deleted'
  ORDER BY project_id DESC, consumer DESC, id DESC`;

/**
 * Lists endpoints, newest first. A page may hold fewer endpoints than its limit, or none, and still have a next page: if the
 * limit of scanned rows was reached, which `maxRows` lowers.
 */
export async function listEndpoints(
  db: Queryable,
  scope: Scope,
  filter: EndpointFilter,
  page: PageRequest,
  maxRows = MAX_ROWS_SCANNED,
): Promise<ScannedPage<Endpoint>> {
  const { consumer = scope.consumer, statuses, text: part } = filter;
  // A consumer's key asks for the endpoints of another consumer.
  if (scope.consumer !== null && consumer !== scope.consumer) return { items: [], next: null, scanned: 0 };
  // Without a filter every scanned row matches, so a page needs no more than its limit and one row beyond.
  const isFiltered = statuses !== undefined || part !== undefined;
  const scanned = isFiltered ? Math.min(maxRows, MAX_ROWS_SCANNED) : page.limit + 1;
  const values = [
    ...[scope.projectId, page.after?.[0] ?? maxId('ep'), page.limit, scanned],
    ...[statuses ?? null, part ?? null, consumer],
  ];
  const text = pageAmong(consumer === null ? ofProject : ofConsumer, filter);
  const { rows } = await db.query<Row>(text, values);
  const { endPosition } = rows[0]!;
  const found = rows.filter(({ id }) => id !== null).map(({ endPosition: _, ...endpoint }) => endpoint);
  if (found.length > page.limit) return { ...pageOf(found, page.limit, ({ id }) => [id]), scanned };
  return { items: found, next: endPosition === null ? null : [endPosition], scanned };
}

type Row = Endpoint & { endPosition: string | null };
