import type { Queryable } from '../postgres/database.ts';
import {
  exactTime,
  MAX_ROWS_SCANNED,
  MAX_SCATTERED_ROWS_SCANNED,
  type PageRequest,
  type PageRoom,
  parseSortKeyTime,
  withParameters,
} from '../postgres/pages.ts';
import type { ScannedPage } from '../postgres/searches.ts';
import type { Scope } from '../scope.ts';
import { EVENT_ATTRIBUTE_BYTES, EVENT_DATA_BYTES } from './event-bytes.ts';
import { conditionsOf, type EventFilter, FILTER_PARAMETERS, isOfProject, readsBits } from './event-filter.ts';
import { EVENT_COLUMNS, type StoredEvent } from './event-reads.ts';
import {
  idsBetween,
  OF_CONSUMER,
  OF_ENDPOINT,
  OF_ENDPOINT_UNTIL,
  OF_PROJECT,
  OF_PROJECT_BY_BITS,
  type Source,
} from './event-sources.ts';
import { type EventSummary, JOIN_FAILURES, SUMMARY_COLUMNS } from './event-summaries.ts';
import { asBigint, searchBitsOf } from './search-bits.ts';

/** A page of 200 events of 1 MB would be in memory several times. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;
/** All deliveries of an event are read to find the first ones. */
const MAX_PAGE_DELIVERIES = 10_000;

type Fields = 'all' | 'summary';
const UNBOUNDED = Number.MAX_SAFE_INTEGER;
/** `size` and `deliveries` in SQL: what an event takes of the room of a page. Summaries have no data, body or deliveries. */
const FIELDS = {
  all: {
    columns: EVENT_COLUMNS,
    joined: '',
    size: `${EVENT_DATA_BYTES} + octet_length(e.body) + ${EVENT_ATTRIBUTE_BYTES}`,
    deliveries: 'e.delivery_count',
  },
  summary: {
    columns: SUMMARY_COLUMNS,
    joined: JOIN_FAILURES,
    size: EVENT_ATTRIBUTE_BYTES,
    deliveries: '0',
  },
};

/** SQL: a page of the events of a source that match. It always includes the first event found. */
const pageAmong = (fields: Fields, source: Source, conditions: string): string => `
  WITH ${withParameters([...FILTER_PARAMETERS, ...source.parameters])}, found AS MATERIALIZED (
    SELECT e.*, ${FIELDS[fields].size} AS size, ${FIELDS[fields].deliveries} AS deliveries
    FROM (${source.events(`${source.scanned} LIMIT $10`)}) AS e
    WHERE ${conditions}
    ORDER BY ${source.sortKey}
    LIMIT $7 + 1
  ), measured AS (
    SELECT e.*, row_number() OVER newest AS nth, count(*) OVER () AS found,
           sum(size) OVER newest AS bytes, sum(deliveries) OVER newest AS deliveries_read
    FROM found AS e
    WINDOW newest AS (ORDER BY ${source.sortKey})
  ), page AS (
    SELECT * FROM measured WHERE nth <= $7 AND bytes - size < $8 AND deliveries_read - deliveries < $9
  ), scanned_to AS MATERIALIZED (
    SELECT * FROM (${source.positions} OFFSET $10 - 1 LIMIT 1) AS last WHERE (SELECT count(*) FROM found) <= $7
  )
  SELECT ${FIELDS[fields].columns}, e.position, ${exactTime('e.created_at')} AS time, e.found > e.nth AS "hasMore",
         e.bytes::float8 AS "bytesRead", e.deliveries_read::float8 AS "deliveriesRead",
         scanned_to.position AS "endPosition", ${exactTime('scanned_to.created_at')} AS "endTime"
  FROM (SELECT) AS one LEFT JOIN page AS e ON true LEFT JOIN scanned_to ON true ${FIELDS[fields].joined}
  ORDER BY e.nth`;

/** `bytesRead` and `deliveriesRead`: what the page holds up to this event. */
type Position = {
  position: string;
  time: string;
  hasMore: boolean;
  bytesRead: number;
  deliveriesRead: number;
};
type Row<Item> = Item & Position & { endPosition: string | null; endTime: string | null };

/**
 * Lists events, newest first; `since` is inclusive, `until` exclusive. A page may hold fewer events than its limit, or
 * none, and still have a next page: if the events are large, or if the limit of scanned rows was reached, which `maxRows`
 * lowers.
 */
export const listEvents = (
  db: Queryable,
  scope: Scope,
  filter: EventFilter,
  page: PageRequest,
  maxRows?: number,
): Promise<ScannedPage<StoredEvent>> => listFields('all', db, scope, filter, page, maxRows);

/** The same without data, bodies and deliveries. */
export const listEventSummaries = (
  db: Queryable,
  scope: Scope,
  filter: EventFilter,
  page: PageRequest,
  maxRows?: number,
): Promise<ScannedPage<EventSummary>> => listFields('summary', db, scope, filter, page, maxRows);

async function listFields<Item extends { id: string }>(
  fields: Fields,
  db: Queryable,
  scope: Scope,
  filter: EventFilter,
  page: PageRequest,
  maxRows = UNBOUNDED,
): Promise<ScannedPage<Item>> {
  const { consumer = scope.consumer, endpoint, type = null, statuses = null, until = null } = filter;
  // A consumer's key asks for the events of another consumer.
  if (scope.consumer !== null && consumer !== scope.consumer) return { items: [], next: null, scanned: 0 };
  const since = latest(filter.since, scope.since);
  const listsProject = isOfProject(filter, scope);
  const maxScanned = Math.min(maxRows, listsProject ? MAX_ROWS_SCANNED : MAX_SCATTERED_ROWS_SCANNED);
  const { room = { bytes: MAX_PAGE_BYTES, deliveries: MAX_PAGE_DELIVERIES } } = page;
  const conditions = conditionsOf({ ...filter, since: since ?? undefined }, consumer);
  const values = [
    ...[scope.projectId, consumer, type, statuses, since, until],
    ...[page.limit, room.bytes, room.deliveries, maxScanned],
    ...[filter.test ?? null, filter.attributes ?? null, filter.contains ?? null],
    ...[filter.outcome ?? null, filter.statusCode ?? null],
  ];
  if (endpoint !== undefined) {
    const range = [endpoint, page.after?.[0] ?? null, ...idsBetween(since, until), scope.since ?? null];
    const text = pageAmong(fields, until === null ? OF_ENDPOINT : OF_ENDPOINT_UNTIL, conditions);
    const { rows } = await db.query<Row<Item>>(text, [...values, ...range]);
    return { ...pageOfRows(rows, room, (position) => [position]), scanned: maxScanned };
  }
  const [time = null, id = null] = page.after ?? [];
  const before = [time === null ? null : parseSortKeyTime(time), id];
  const bits = listsProject && readsBits(filter) ? [asBigint(searchBitsOf(filter))] : [];
  const source = consumer !== null ? OF_CONSUMER : bits.length > 0 ? OF_PROJECT_BY_BITS : OF_PROJECT;
  const text = pageAmong(fields, source, conditions);
  const { rows } = await db.query<Row<Item>>(text, [...values, ...before, ...bits]);
  return { ...pageOfRows(rows, room, (position, time) => [time, position]), scanned: maxScanned };
}

function pageOfRows<Item extends { id: string }>(
  rows: Row<Item>[],
  { bytes, deliveries }: PageRoom,
  sortKey: (position: string, time: string) => string[],
): { items: Item[]; next: string[] | null; room: PageRoom } {
  const items = rows.filter(({ id }) => id !== null);
  const last = items.at(-1);
  const { bytesRead = 0, deliveriesRead = 0 } = last ?? {};
  const room = { bytes: bytes - bytesRead, deliveries: deliveries - deliveriesRead };
  if (last?.hasMore) return { items, next: sortKey(last.position, last.time), room };
  const { endPosition, endTime } = rows[0]!;
  return { items, next: endPosition === null ? null : sortKey(endPosition, endTime!), room };
}

const latest = (a: Date | undefined, b: Date | null | undefined): Date | null =>
  a && b ? (a > b ? a : b) : (a ?? b ?? null);
