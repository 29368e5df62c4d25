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

/** The endpoints of a consumer whose deliveries are merged, those that are deleted too; with more, its project is looked through. */
const MAX_MERGED = 1_000;
/** Those that the index deliveries_status_newest has. */
const INDEXED_STATUSES: DeliveryStatus[] = ['retrying', 'held', 'undeliverable', 'cancelled'];

// $1 project, $2 consumer, $3 since, $4 status, $5 endpoint, $6 event, $7 deliveries on a page, $8 the id to go on before,
// $9 rows to look at in a range, $10 the endpoints of the consumer.
const MATCHES = `
  d.project_id = $1 AND ($2::text IS NULL OR d.consumer = $2) AND ${eventCreatedSince('$3')}
  AND ($4::text IS NULL OR d.status = $4) AND ($5::text IS NULL OR d.endpoint_id = $5)
  AND ($6::text IS NULL OR d.event_id = $6)`;

type Ranges = {
  /** The names of the ranges: `ranges.name` in their rows. */
  names: string;
  /** At most $9 rows of a range before $8, newest first. */
  rows: (columns: string) => string;
  /** How those are sorted. */
  order: string;
};

/**
 * A page of what matches in some ranges, each in the order of ids. Where one has more rows than may be looked at, the page
 * ends with the last of those, its `endPlace`: there may be matches below it.
 */
const pageAmong = ({ names, rows, order }: Ranges): string => `
  WITH ranges AS (${names}), found AS MATERIALIZED (
    SELECT ranges.name AS range_name, d.*
    FROM ranges CROSS JOIN LATERAL (
      SELECT * FROM (${rows('d.*')}) AS d WHERE ${MATCHES} ORDER BY ${order} LIMIT $7 + 1
    ) AS d
  ), counted AS (
    SELECT range_name, count(*) AS n FROM found GROUP BY range_name
  ), looked_to AS MATERIALIZED (
    SELECT max(last.id) AS id
    FROM (
      SELECT ranges.name FROM ranges LEFT JOIN counted ON counted.range_name = ranges.name
      WHERE coalesce(counted.n, 0) <= $7
    ) AS ranges
    CROSS JOIN LATERAL (SELECT id FROM (${rows('d.id')}) AS d OFFSET $9 - 1 LIMIT 1) AS last
  )
  SELECT ${DELIVERY_COLUMNS}, looked_to.id AS "endPlace"
  FROM looked_to LEFT JOIN LATERAL (
    SELECT * FROM found WHERE found.id >= coalesce(looked_to.id, '') ORDER BY found.id DESC LIMIT $7 + 1
  ) AS d ON true
  ORDER BY d.id DESC`;

/**
 * Rows of one index. The columns before the id are bounded from both sides instead of being equal to something: sorted
 * by id alone, they could as well be read along the primary key, through what is newer of all other tenants.
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

// The event and the endpoint must be the caller's own: a place to go on from would tell that others' are there.
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
// An event has no more than it may have endpoints, and what was sent again: they are sorted.
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

type Source = { text: string; endpoints?: string[]; looked: number };

/** Where the rows of a list are looked for, and how many of them in each range. */
async function sourceOf(
  db: Queryable,
  { projectId, consumer, since = null }: Scope,
  { status, endpoint, event }: DeliveryFilter,
  limit: number,
): Promise<Source> {
  if (event !== undefined) return { text: OF_EVENT, looked: MAX_ROWS_SCANNED };
  // Without a filter a range has no more to give than the page and the one beyond it.
  const isFiltered = status !== undefined || since !== null;
  const lookedUp = isFiltered ? MAX_SCATTERED_ROWS_SCANNED : limit + 1;
  if (endpoint !== undefined) return { text: TO_ENDPOINT, looked: lookedUp };
  if (consumer !== null) {
    const values = [projectId, consumer, since, MAX_MERGED + 1];
    const { rows } = await db.query<{ id: string }>(CONSUMER_ENDPOINTS, values);
    if (rows.length > MAX_MERGED) return { text: OF_PROJECT, looked: MAX_ROWS_SCANNED };
    const inEach = Math.ceil((2 * MAX_SCATTERED_ROWS_SCANNED) / (rows.length + 1));
    return { text: OF_CONSUMER, endpoints: rows.map(({ id }) => id), looked: Math.min(lookedUp, inEach) };
  }
  return status !== undefined && INDEXED_STATUSES.includes(status)
    ? { text: OF_STATUS, looked: limit + 1 }
    : { text: OF_PROJECT, looked: isFiltered ? MAX_ROWS_SCANNED : limit + 1 };
}

/**
 * Newest first. A page may have fewer deliveries than its limit, or none, and still be followed by others: where as many
 * rows were looked at as may be.
 */
export async function listDeliveries(
  db: Queryable,
  scope: Scope,
  filter: DeliveryFilter,
  page: PageRequest,
): Promise<Page<Delivery>> {
  const { status = null, endpoint = null, event = null } = filter;
  const { text, endpoints, looked } = await sourceOf(db, scope, filter, page.limit);
  const filters = [scope.projectId, scope.consumer, scope.since ?? null, status, endpoint, event];
  const bounds = [page.limit, page.after?.[0] ?? maxId('dlv'), looked];
  const { rows } = await db.query<Delivery & { endPlace: string | null }>(text, [
    ...filters,
    ...bounds,
    ...(endpoints ? [endpoints] : []),
  ]);
  const { endPlace } = rows[0]!;
  const found = rows.filter(({ id }) => id !== null).map(({ endPlace: _, ...delivery }) => delivery);
  if (found.length > page.limit) return pageOf(found, page.limit, ({ id }) => [id]);
  return { items: found, next: endPlace === null ? null : [endPlace] };
}
