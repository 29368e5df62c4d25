import type { DeliveryStatus } from '../../policy/outcome.ts';
import type { Queryable } from '../postgres/database.ts';
import { maxId, minIdAt } from '../postgres/ids.ts';
import {
  MAX_ROWS_SCANNED,
  MAX_SCATTERED_ROWS_SCANNED,
  type PageRequest,
  withParameters,
} from '../postgres/pages.ts';
import type { ScannedPage } from '../postgres/searches.ts';
import type { Scope } from '../scope.ts';
import { conditionsOf, type DeliveryFilter, isSearch, LIST_PARAMETERS } from './delivery-filter.ts';
import { type Delivery, listedDeliveries } from './delivery-reads.ts';

/**
 * A consumer's list merges the deliveries to each of its endpoints, including deleted ones. For a consumer with more
 * endpoints, all deliveries of the project are scanned instead.
 */
const MAX_MERGED = 1_000;
/** The statuses in the index deliveries_of_status. */
const INDEXED_STATUSES: DeliveryStatus[] = ['retrying', 'held', 'undeliverable', 'cancelled'];

type Ranges = {
  /** The names of the ranges: `ranges.name` in their rows. */
  names: string;
  /** SQL: at most $9 rows of a range before $8, newest first. */
  rows: (columns: string) => string;
  /** SQL: the sort order of the rows. */
  order: string;
};

/**
 * SQL: the ids of a page of the matching rows of several ranges, each in id order. If a range has more rows than may be
 * scanned, the page ends at the last scanned row, the `endPosition`, because there may be matches after it.
 */
const pageAmong = ({ names, rows, order }: Ranges, conditions: string): string => `
  WITH ${withParameters(LIST_PARAMETERS)}, ranges AS (${names}), found AS MATERIALIZED (
    SELECT ranges.name AS range_name, d.id
    FROM ranges CROSS JOIN LATERAL (
      SELECT d.id FROM (${rows('d.*')}) AS d WHERE ${conditions} ORDER BY ${order} LIMIT $7 + 1
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
  SELECT d.id, scanned_to.id AS "endPosition"
  FROM scanned_to LEFT JOIN LATERAL (
    SELECT id FROM found WHERE found.id >= coalesce(scanned_to.id, '') ORDER BY found.id DESC LIMIT $7 + 1
  ) AS d ON true
  ORDER BY d.id DESC`;

/**
 * SQL: rows along one index. The columns before the id are bounded from both sides instead of compared for equality.
 * Otherwise the rows are sorted by id alone, and the planner may read them along the primary key, through the newer rows
 * of all other tenants. No two indexes that fit begin with the same column, unless one of them is a part of the other:
 * Postgres would believe that these bounds select 0.5 % of an index, and might sort all rows of a project instead.
 */
function alongIndex(index: string[], values: string[], also = 'true'): Pick<Ranges, 'rows' | 'order'> {
  const columns = index.map((column) => `d.${column}`);
  const order = [...columns, 'd.id'].map((column) => `${column} DESC`).join(', ');
  const where = `(${[...columns, 'd.id'].join(', ')}) < (${values.join(', ')}, $8)
    AND (${[...columns, 'd.id'].join(', ')}) >= (${values.join(', ')}, $10) AND ${also}`;
  return {
    order,
    rows: (selected) => `SELECT ${selected} FROM deliveries d WHERE ${where} ORDER BY ${order} LIMIT $9`,
  };
}

const ONE_RANGE = `SELECT '' AS name`;

// The event and the endpoint must be visible to the caller; otherwise a next page would reveal that they exist.
const OWN_EVENT = `
  (SELECT id FROM events WHERE project_id = $1 AND id = $6 AND ($2 IS NULL OR consumer = $2)
     AND ($3 IS NULL OR created_at >= $3))`;
const OWN_ENDPOINT = `
  (SELECT id FROM endpoints WHERE project_id = $1 AND id = $5 AND ($2 IS NULL OR consumer = $2)
     AND ($3 IS NULL OR created_at >= $3))`;

const OF_PROJECT: Ranges = { names: ONE_RANGE, ...alongIndex(['project_id'], ['$1']) };
const TO_ENDPOINT: Ranges = { names: ONE_RANGE, ...alongIndex(['endpoint_id'], [OWN_ENDPOINT]) };
const OF_STATUSES: Ranges = {
  names: 'SELECT unnest($4) AS name',
  ...alongIndex(['listed_status', 'project_id'], ['ranges.name', '$1'], 'd.listed_status IS NOT NULL'),
};
const OF_ATTENTION: Ranges = {
  names: ONE_RANGE,
  ...alongIndex(['project_id'], ['$1'], 'd.needs_attention'),
};
// All deliveries of an event are sorted: there are at most as many as matching endpoints, plus repeats.
const OF_EVENT: Ranges = {
  names: ONE_RANGE,
  order: 'd.id DESC',
  rows: (columns) => `
    SELECT ${columns} FROM (SELECT * FROM deliveries WHERE project_id = $1 AND event_id = ${OWN_EVENT} OFFSET 0) AS d
    WHERE d.id < $8 AND d.id >= $10 ORDER BY d.id DESC LIMIT $9`,
};
const toEndpoints = alongIndex(['endpoint_id'], ['ranges.name']);
const toTargets = alongIndex(
  ['consumer', 'project_id'],
  ['$2', '$1'],
  `ranges.name = '' AND d.endpoint_id IS NULL AND d.consumer IS NOT NULL`,
);
const OF_CONSUMER: Ranges = {
  names: `SELECT unnest($18) AS name UNION ALL SELECT ''`,
  order: 'd.id DESC',
  rows: (columns) => `(${toEndpoints.rows(columns)}) UNION ALL (${toTargets.rows(columns)})`,
};

const CONSUMER_ENDPOINTS = `
  SELECT id FROM endpoints
  WHERE project_id = $1 AND consumer = $2 AND ($3::timestamptz IS NULL OR created_at >= $3)
  ORDER BY id DESC
  LIMIT $4`;

type Source = {
  rows: Ranges;
  endpoints?: string[];
  /** The number of ranges, and how many rows to scan in each. */
  ranges: number;
  maxScanned: number;
};

/** Returns the rows that a list reads, and how many of them it may scan in each range. */
async function sourceOf(
  db: Queryable,
  { projectId, consumer, since = null }: Scope,
  filter: DeliveryFilter,
  limit: number,
): Promise<Source> {
  const { statuses, attention = false, endpoint, event } = filter;
  if (event !== undefined) return { rows: OF_EVENT, ranges: 1, maxScanned: MAX_ROWS_SCANNED };
  // Without a filter every scanned row matches, so a page needs no more than its limit and one row beyond.
  const isSearched = isSearch(filter);
  const isFiltered = statuses !== undefined || since !== null || filter.until !== undefined || isSearched;
  const scattered = isFiltered ? MAX_SCATTERED_ROWS_SCANNED : limit + 1;
  if (attention) {
    const isExact = endpoint === undefined && consumer === null && !isFiltered;
    return { rows: OF_ATTENTION, ranges: 1, maxScanned: isExact ? limit + 1 : MAX_ROWS_SCANNED };
  }
  if (endpoint !== undefined) return { rows: TO_ENDPOINT, ranges: 1, maxScanned: scattered };
  if (consumer !== null) {
    const values = [projectId, consumer, since, MAX_MERGED + 1];
    const { rows } = await db.query<{ id: string }>(CONSUMER_ENDPOINTS, values);
    if (rows.length > MAX_MERGED) return { rows: OF_PROJECT, ranges: 1, maxScanned: MAX_ROWS_SCANNED };
    const ranges = rows.length + 1;
    const inEach = Math.ceil((2 * MAX_SCATTERED_ROWS_SCANNED) / ranges);
    const endpoints = rows.map(({ id }) => id);
    return { rows: OF_CONSUMER, endpoints, ranges, maxScanned: Math.min(scattered, inEach) };
  }
  if (statuses?.every((status) => INDEXED_STATUSES.includes(status)))
    return {
      rows: OF_STATUSES,
      ranges: statuses.length,
      maxScanned: isSearched || filter.until ? MAX_SCATTERED_ROWS_SCANNED : limit + 1,
    };
  return { rows: OF_PROJECT, ranges: 1, maxScanned: isFiltered ? MAX_ROWS_SCANNED : limit + 1 };
}

/** An id has the time at which its delivery was created, to the millisecond; a copy may be a statement younger. */
const ID_TOLERANCE_MS = 1_000;

/** The lowest id of a delivery created since a time, and an id above all that were created until another one. */
export const deliveryIdsBetween = (since: Date | undefined, until: Date | undefined): [string, string] => [
  since ? minIdAt('dlv', since.getTime() - ID_TOLERANCE_MS) : 'dlv_',
  until ? minIdAt('dlv', until.getTime() + ID_TOLERANCE_MS) : maxId('dlv'),
];

/**
 * Lists deliveries, newest first. A page may hold fewer deliveries than its limit, or none, and still have a next page: if
 * the limit of scanned rows was reached, which `maxRows` lowers.
 */
export async function listDeliveries(
  db: Queryable,
  scope: Scope,
  filter: DeliveryFilter,
  page: PageRequest,
  maxRows = Number.POSITIVE_INFINITY,
): Promise<ScannedPage<Delivery>> {
  const { since, until } = filter;
  const { consumer = scope.consumer } = filter;
  // A consumer's key asks for the deliveries of another consumer.
  if (scope.consumer !== null && consumer !== scope.consumer) return { items: [], next: null, scanned: 0 };
  const own = { ...scope, consumer };
  const source = await sourceOf(db, own, filter, page.limit);
  const maxScanned = Math.max(1, Math.min(source.maxScanned, Math.floor(maxRows / source.ranges)));
  const [lowest, above] = deliveryIdsBetween(since, until);
  const text = pageAmong(source.rows, conditionsOf(filter, own));
  const { rows } = await db.query<{ id: string | null; endPosition: string | null }>(text, [
    ...[scope.projectId, consumer, scope.since ?? null, filter.statuses ?? null],
    ...[filter.endpoint ?? null, filter.event ?? null],
    ...[page.limit, page.after?.[0] ?? above, maxScanned, lowest],
    ...[filter.outcome ?? null, filter.statusCode ?? null, since ?? null, until ?? null],
    ...[filter.type ?? null, filter.attributes ?? null, filter.contains ?? null, source.endpoints ?? null],
    filter.errorCode ?? null,
  ]);
  const { endPosition } = rows[0]!;
  const ids = rows.flatMap(({ id }) => id ?? []);
  const next = ids.length > page.limit ? ids[page.limit - 1]! : endPosition;
  const items = await listedDeliveries(db, ids.slice(0, page.limit), filter);
  return { items, next: next === null ? null : [next], scanned: maxScanned * source.ranges };
}
