import type { Queryable } from '../postgres/database.ts';
import { maxId, minIdAt } from '../postgres/ids.ts';
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

/** Where events are read from. */
type Source = {
  parameters: string[];
  /** SQL: the rows, in the order of the list, without a limit. */
  scanned: string;
  /** SQL: the positions of the same rows. */
  positions: string;
  sortKey: string;
  /** SQL: the events of the rows. */
  events: (scanned: string) => string;
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

// The first columns are bounded from both sides and part of the sort order, although they equal a constant. Otherwise the
// planner may read a consumer's events among all of the project, or an endpoint's deliveries along the primary key.
const SINCE = `coalesce($5, '-infinity')`;
const BEFORE = `e.created_at < coalesce($6, 'infinity') AND ($16 IS NULL OR (e.created_at, e.id) < ($16, $17))`;
const UP_TO = `coalesce($16, $6, 'infinity')`;
const TIME_AND_ID = ['timestamptz', 'text'];

const BY_TIME = 'e.created_at DESC, e.id DESC';
const ofProject = (columns: string): string => `
  SELECT ${columns}, e.id AS position
  FROM events e
  WHERE e.project_id = $1 AND e.created_at >= ${SINCE} AND e.created_at <= ${UP_TO} AND ${BEFORE}
  ORDER BY ${BY_TIME}`;
const OF_PROJECT: Source = {
  parameters: TIME_AND_ID,
  scanned: ofProject('e.*'),
  positions: ofProject('e.created_at'),
  sortKey: BY_TIME,
  events: (scanned) => scanned,
};

// The position is that of the index, so that the planner knows the order without sorting, and stops when the page is full.
const BY_TIME_IN_INDEX = 'e.searched_at DESC, e.position DESC';
const OF_PROJECT_BY_BITS: Source = {
  parameters: [...TIME_AND_ID, 'bigint'],
  scanned: ofProject('e.search_bits, e.created_at'),
  positions: ofProject('e.created_at'),
  sortKey: BY_TIME_IN_INDEX,
  events: (scanned) => `
    SELECT e.*, searched.created_at AS searched_at, searched.position
    FROM (${scanned}) AS searched
    CROSS JOIN LATERAL (SELECT * FROM events WHERE project_id = $1 AND id = searched.position OFFSET 0) AS e
    WHERE searched.search_bits IS NULL OR searched.search_bits & $18 = $18`,
};

const BY_CONSUMER = `e.consumer DESC, ${BY_TIME}`;
const ofConsumer = (columns: string): string => `
  SELECT ${columns}, e.id AS position
  FROM events e
  WHERE e.project_id = $1 AND (e.consumer, e.created_at) >= ($2, ${SINCE}) AND (e.consumer, e.created_at) <= ($2, ${UP_TO})
    AND e.consumer IS NOT NULL AND ${BEFORE}
  ORDER BY ${BY_CONSUMER}`;
const OF_CONSUMER: Source = {
  parameters: TIME_AND_ID,
  scanned: ofConsumer('e.*'),
  positions: ofConsumer('e.created_at'),
  sortKey: BY_CONSUMER,
  events: (scanned) => scanned,
};

// Reads the deliveries to the endpoint ($16), which is cheaper than searching each event of the project for one. Deliveries
// that repeat another one are left out, because they would list the event twice.
const OWN_ENDPOINT = `
  (SELECT id FROM endpoints WHERE id = $16 AND project_id = $1 AND ($2 IS NULL OR consumer = $2)
     AND ($20 IS NULL OR created_at >= $20))`;
const TO_ENDPOINT = `
  SELECT d.endpoint_id, d.id AS position, d.event_id, d.replay_of, d.created_at
  FROM deliveries d
  WHERE (d.endpoint_id, d.id) >= (${OWN_ENDPOINT}, $18) AND (d.endpoint_id, d.id) < (${OWN_ENDPOINT}, least($17, $19))
  ORDER BY d.endpoint_id DESC, d.id DESC`;
const OF_ENDPOINT: Source = {
  parameters: ['text', 'text', 'text', 'text', 'timestamptz'],
  scanned: TO_ENDPOINT,
  positions: TO_ENDPOINT,
  sortKey: 'e.endpoint_id DESC, e.position DESC',
  events: (scanned) => `
    SELECT e.*, d.position, d.endpoint_id
    FROM (${scanned}) AS d
    CROSS JOIN LATERAL (SELECT * FROM events WHERE project_id = $1 AND id = d.event_id OFFSET 0) AS e
    WHERE d.replay_of IS NULL`,
};

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
    const text = pageAmong(fields, OF_ENDPOINT, conditions);
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

/** A delivery is created in the same request as its event, but its id may come from a clock that differs. */
const CLOCK_TOLERANCE_MS = 86_400_000;

const idsBetween = (since: Date | null, until: Date | null): [string, string] => [
  since ? minIdAt('dlv', since.getTime() - CLOCK_TOLERANCE_MS) : 'dlv_',
  until ? minIdAt('dlv', until.getTime() + CLOCK_TOLERANCE_MS) : maxId('dlv'),
];
