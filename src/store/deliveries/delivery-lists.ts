import type { DeliveryStatus } from '../../policy/outcome.ts';
import type { Queryable } from '../postgres/database.ts';
import { maxId } from '../postgres/ids.ts';
import {
  MAX_ROWS_SCANNED,
  MAX_SCATTERED_ROWS_SCANNED,
  type Page,
  type PageRequest,
  pageOf,
} from '../postgres/pages.ts';
import type { Scope } from '../scope.ts';
import { DELIVERY_COLUMNS, type Delivery, eventCreatedSince } from './delivery-reads.ts';

export type DeliveryFilter = {
  status?: DeliveryStatus | undefined;
  endpoint?: string | undefined;
  event?: string | undefined;
};

/**
 * A consumer's list merges the deliveries to each of its endpoints, including deleted ones. For a consumer with more
 * endpoints, all deliveries of the project are scanned instead.
 */
const MAX_MERGED = 1_000;
/** The statuses in the index deliveries_status_newest. */
const INDEXED_STATUSES: DeliveryStatus[] = ['retrying', 'held', 'undeliverable', 'cancelled'];

// $1 project, $2 consumer, $3 since, $4 status, $5 endpoint, $6 event, $7 deliveries on a page, $8 the id to go on before,
// $9 rows to scan in a range, $10 the endpoints of the consumer.
const MATCHES = `
  d.project_id = $1 AND ($2::text IS NULL OR d.consumer = $2) AND ${eventCreatedSince('$3')}
  AND ($4::text IS NULL OR d.status = $4) AND ($5::text IS NULL OR d.endpoint_id = $5)
  AND ($6::text IS NULL OR d.event_id = $6)`;

type Ranges = {
  /** The names of the ranges: `ranges.name` in their rows. */
  names: string;
  /** SQL: at most $9 rows of a range before $8, newest first. */
  rows: (columns: string) => string;
  /** SQL: the sort order of the rows. */
  order: string;
};

/**
 * SQL: a page of the matching rows of several ranges, each in id order. If a range has more rows than may be scanned, the
 * page ends at the last scanned row, the `endPosition`, because there may be matches after it.
 */
const pageAmong = ({ names, rows, order }: Ranges): string => `
  WITH ranges AS (${names}), found AS MATERIALIZED (
    SELECT ranges.name AS range_name, d.*
    FROM ranges CROSS JOIN LATERAL (
      SELECT * FROM (${rows('d.*')}) AS d WHERE ${MATCHES} ORDER BY ${order} LIMIT $7 + 1
    ) AS d
  ), counted AS (
    SELECT range_name, count(*) AS n FROM found GROUP BY range_name
  ), scanned_to AS MATERIALIZED (
    SELECT max(last.id) AS id
    FROM (
      SELECT ranges.name FROM ranges LEFT JOIN counted ON counted.range_name = ranges.name
      WHERE coalesce(counted.n, 0) <= $7
    ) AS ranges
    CROSS JOIN LATERAL (SELECT id FROM (${rows('d.id')}) AS d OFFSET $9 - 1 LIMIT 1) AS last
  )
  SELECT ${DELIVERY_COLUMNS}, scanned_to.id AS "endPosition"
  FROM scanned_to LEFT JOIN LATERAL (
    SELECT * FROM found WHERE found.id >= coalesce(scanned_to.id, '') ORDER BY found.id DESC LIMIT $7 + 1
  ) AS d ON true
  ORDER BY d.id DESC`;

/**
 * SQL: rows along one index. The columns before the id are bounded from both sides instead of compared for equality.
 * Otherwise the rows are sorted by id alone, and the planner may read them along the primary key, through the newer rows
 * of all other tenants.
 */
function alongIndex(index: string[], values: string[], also = 'true'): Pick<Ranges, 'rows' | 'order'> {
  const columns = index.map((column) => `d.${column}`);
  const order = [...columns, 'd.id'].map((column) => `${column} DESC`).join(', ');
  const where = `(${[...columns, 'd.id'].join(', ')}) < (${values.join(', ')}, $8::text)
    AND (${columns.join(', ')}) >= (${values.join(', ')}) AND ${also}`;
  return {
    order,
    rows: (selected) => `SELECT ${selected} FROM deliveries d WHERE ${where} ORDER BY ${order} LIMIT $9`,
  };
}

const ONE_RANGE = `SELECT '' AS name`;

// The event and the endpoint must be visible to the caller; otherwise a next page would reveal that they exist.
const OWN_EVENT = `
  (SELECT id FROM events WHERE project_id = $1 AND id = $6 AND ($2::text IS NULL OR consumer = $2)
     AND ($3::timestamptz IS NULL OR created_at >= $3))`;
const OWN_ENDPOINT = `
  (SELECT id FROM endpoints WHERE project_id = $1 AND id = $5 AND ($2::text IS NULL OR consumer = $2)
     AND ($3::timestamptz IS NULL OR created_at >= $3))`;

const OF_PROJECT = pageAmong({ names: ONE_RANGE, ...alongIndex(['project_id'], ['$1']) });
const TO_ENDPOINT = pageAmong({ names: ONE_RANGE, ...alongIndex(['endpoint_id'], [OWN_ENDPOINT]) });
const OF_STATUS = pageAmong({
  names: ONE_RANGE,
  ...alongIndex(['project_id', 'status'], ['$1', '$4'], `d.status IN ('${INDEXED_STATUSES.join("', '")}')`),
});
// All deliveries of an event are sorted: there are at most as many as matching endpoints, plus repeats.
const OF_EVENT = pageAmong({
  names: ONE_RANGE,
  order: 'd.id DESC',
  rows: (columns) => `
    SELECT ${columns} FROM (SELECT * FROM deliveries WHERE project_id = $1 AND event_id = ${OWN_EVENT} OFFSET 0) AS d
    WHERE d.id < $8::text ORDER BY d.id DESC LIMIT $9`,
});
const toEndpoints = alongIndex(['endpoint_id'], ['ranges.name']);
const toTargets = alongIndex(
  ['project_id', 'consumer'],
  ['$1', '$2'],
  `ranges.name = '' AND d.endpoint_id IS NULL AND d.consumer IS NOT NULL`,
);
const OF_CONSUMER = pageAmong({
  names: `SELECT unnest($10::text[]) AS name UNION ALL SELECT ''`,
  order: 'd.id DESC',
  rows: (columns) => `(${toEndpoints.rows(columns)}) UNION ALL (${toTargets.rows(columns)})`,
});

const CONSUMER_ENDPOINTS = `
  SELECT id FROM endpoints
  WHERE project_id = $1 AND consumer = $2 AND ($3::timestamptz IS NULL OR created_at >= $3)
  ORDER BY id DESC
  LIMIT $4`;

type Source = { text: string; endpoints?: string[]; maxScanned: number };

/** Returns the statement for a list, and how many rows it may scan in each range. */
async function sourceOf(
  db: Queryable,
  { projectId, consumer, since = null }: Scope,
  { status, endpoint, event }: DeliveryFilter,
  limit: number,
): Promise<Source> {
  if (event !== undefined) return { text: OF_EVENT, maxScanned: MAX_ROWS_SCANNED };
  // Without a filter every scanned row matches, so a page needs no more than its limit and one row beyond.
  const isFiltered = status !== undefined || since !== null;
  const scattered = isFiltered ? MAX_SCATTERED_ROWS_SCANNED : limit + 1;
  if (endpoint !== undefined) return { text: TO_ENDPOINT, maxScanned: scattered };
  if (consumer !== null) {
    const values = [projectId, consumer, since, MAX_MERGED + 1];
    const { rows } = await db.query<{ id: string }>(CONSUMER_ENDPOINTS, values);
    if (rows.length > MAX_MERGED) return { text: OF_PROJECT, maxScanned: MAX_ROWS_SCANNED };
    const inEach = Math.ceil((2 * MAX_SCATTERED_ROWS_SCANNED) / (rows.length + 1));
    return {
      text: OF_CONSUMER,
      endpoints: rows.map(({ id }) => id),
      maxScanned: Math.min(scattered, inEach),
    };
  }
  return status !== undefined && INDEXED_STATUSES.includes(status)
    ? { text: OF_STATUS, maxScanned: limit + 1 }
    : { text: OF_PROJECT, maxScanned: isFiltered ? MAX_ROWS_SCANNED : limit + 1 };
}

/**
 * Lists deliveries, newest first. A page may hold fewer deliveries than its limit, or none, and still have a next page: if
 * the limit of scanned rows was reached.
 */
export async function listDeliveries(
  db: Queryable,
  scope: Scope,
  filter: DeliveryFilter,
  page: PageRequest,
): Promise<Page<Delivery>> {
  const { status = null, endpoint = null, event = null } = filter;
  const { text, endpoints, maxScanned } = await sourceOf(db, scope, filter, page.limit);
  const filters = [scope.projectId, scope.consumer, scope.since ?? null, status, endpoint, event];
  const bounds = [page.limit, page.after?.[0] ?? maxId('dlv'), maxScanned];
  const { rows } = await db.query<Delivery & { endPosition: string | null }>(text, [
    ...filters,
    ...bounds,
    ...(endpoints ? [endpoints] : []),
  ]);
  const { endPosition } = rows[0]!;
  const found = rows.filter(({ id }) => id !== null).map(({ endPosition: _, ...delivery }) => delivery);
  if (found.length > page.limit) return pageOf(found, page.limit, ({ id }) => [id]);
  return { items: found, next: endPosition === null ? null : [endPosition] };
}
