import type { EventStatus } from '../../policy/outcome.ts';
import type { Queryable } from '../postgres/database.ts';
import { maxId, minIdAt } from '../postgres/ids.ts';
import {
  exactTime,
  MAX_ROWS_SCANNED,
  MAX_SCATTERED_ROWS_SCANNED,
  type Page,
  type PageRequest,
  parseSortKeyTime,
} from '../postgres/pages.ts';
import type { Scope } from '../scope.ts';
import { EVENT_DATA_BYTES } from './event-bytes.ts';
import { EVENT_COLUMNS, type StoredEvent } from './event-reads.ts';

export type EventFilter = {
  type?: string | undefined;
  status?: EventStatus | undefined;
  consumer?: string | undefined;
  endpoint?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
};

/** A page ends before its events exceed this many bytes: a page of 200 events of 1 MB would be in memory several times. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;
/** A page ends before its events exceed this many deliveries, all of which are read to find the first ones of each event. */
const MAX_PAGE_DELIVERIES = 10_000;

// $1 project, $2 consumer, $3 type, $4 status, $5 since, $6 until, $7 events on a page, $8 bytes and $9 deliveries on it,
// $10 rows to scan. A page always includes the first event found.
const pageAmong = (scanned: string, end: string, sortKey: string): string => `
  WITH found AS MATERIALIZED (
    SELECT e.*, ${EVENT_DATA_BYTES} + octet_length(e.body) AS size
    FROM (${scanned}) AS e
    WHERE ($2::text IS NULL OR e.consumer = $2)
      AND ($3::text IS NULL OR e.type = $3)
      AND ($4::text IS NULL OR e.status = $4)
      AND ($5::timestamptz IS NULL OR e.created_at >= $5)
      AND ($6::timestamptz IS NULL OR e.created_at < $6)
    ORDER BY ${sortKey}
    LIMIT $7 + 1
  ), measured AS (
    SELECT e.*, row_number() OVER newest AS nth, count(*) OVER () AS found,
           sum(size) OVER newest - size AS bytes_before,
           sum(delivery_count) OVER newest - delivery_count AS deliveries_before
    FROM found AS e
    WINDOW newest AS (ORDER BY ${sortKey})
  ), page AS (
    SELECT * FROM measured WHERE nth <= $7 AND bytes_before < $8 AND deliveries_before < $9
  ), scanned_to AS MATERIALIZED (
    SELECT * FROM (${end} OFFSET $10 - 1 LIMIT 1) AS last WHERE (SELECT count(*) FROM found) <= $7
  )
  SELECT ${EVENT_COLUMNS}, e.position, ${exactTime('e.created_at')} AS time, e.found > e.nth AS "hasMore",
         scanned_to.position AS "endPosition", ${exactTime('scanned_to.created_at')} AS "endTime"
  FROM (SELECT) AS one LEFT JOIN page AS e ON true LEFT JOIN scanned_to ON true
  ORDER BY e.nth`;

// The first columns are bounded from both sides and part of the sort order, although they equal a constant. Otherwise the
// planner may read a consumer's events among all of the project, or an endpoint's deliveries along the primary key.
const SINCE = `coalesce($5::timestamptz, '-infinity')`;
const BEFORE = `e.created_at < coalesce($6::timestamptz, 'infinity')
    AND ($11::timestamptz IS NULL OR (e.created_at, e.id) < ($11::timestamptz, $12::text))`;
const UP_TO = `coalesce($11::timestamptz, $6::timestamptz, 'infinity')`;

const BY_TIME = 'e.created_at DESC, e.id DESC';
const ofProject = (columns: string): string => `
  SELECT ${columns}, e.id AS position
  FROM events e
  WHERE e.project_id = $1 AND e.created_at >= ${SINCE} AND e.created_at <= ${UP_TO} AND ${BEFORE}
  ORDER BY ${BY_TIME}`;
const LIST_OF_PROJECT = pageAmong(`${ofProject('e.*')} LIMIT $10`, ofProject('e.created_at'), BY_TIME);

const BY_CONSUMER = `e.consumer DESC, ${BY_TIME}`;
const ofConsumer = (columns: string): string => `
  SELECT ${columns}, e.id AS position
  FROM events e
  WHERE e.project_id = $1 AND (e.consumer, e.created_at) >= ($2, ${SINCE}) AND (e.consumer, e.created_at) <= ($2, ${UP_TO})
    AND e.consumer IS NOT NULL AND ${BEFORE}
  ORDER BY ${BY_CONSUMER}`;
const LIST_OF_CONSUMER = pageAmong(`${ofConsumer('e.*')} LIMIT $10`, ofConsumer('e.created_at'), BY_CONSUMER);

// Reads the deliveries to the endpoint, which is cheaper than searching each event of the project for one. Deliveries that
// repeat another one are left out, because they would list the event twice.
const OWN_ENDPOINT = `
  (SELECT id FROM endpoints WHERE id = $11 AND project_id = $1 AND ($2::text IS NULL OR consumer = $2)
     AND ($15::timestamptz IS NULL OR created_at >= $15))`;
const TO_ENDPOINT = `
  SELECT d.endpoint_id, d.id AS position, d.event_id, d.replay_of, d.created_at
  FROM deliveries d
  WHERE (d.endpoint_id, d.id) >= (${OWN_ENDPOINT}, $13::text)
    AND (d.endpoint_id, d.id) < (${OWN_ENDPOINT}, least($12::text, $14::text))
  ORDER BY d.endpoint_id DESC, d.id DESC`;
const LIST_TO_ENDPOINT = pageAmong(
  `SELECT e.*, d.position, d.endpoint_id
   FROM (${TO_ENDPOINT} LIMIT $10) AS d
   CROSS JOIN LATERAL (SELECT * FROM events WHERE project_id = $1 AND id = d.event_id OFFSET 0) AS e
   WHERE d.replay_of IS NULL`,
  TO_ENDPOINT,
  'e.endpoint_id DESC, e.position DESC',
);

type Row = StoredEvent & { position: string; time: string; hasMore: boolean } & {
  endPosition: string | null;
  endTime: string | null;
};

/**
 * Lists events, newest first; `since` is inclusive, `until` exclusive. A page may hold fewer events than its limit, or
 * none, and still have a next page: if the events are large, or if the limit of scanned rows was reached.
 */
export async function listEvents(
  db: Queryable,
  scope: Scope,
  filter: EventFilter,
  page: PageRequest,
): Promise<Page<StoredEvent>> {
  const { consumer = scope.consumer, endpoint, type = null, status = null, until = null } = filter;
  // A consumer's key asks for the events of another consumer.
  if (scope.consumer !== null && consumer !== scope.consumer) return { items: [], next: null };
  const since = latest(filter.since, scope.since);
  const filters = [scope.projectId, consumer, type, status, since, until];
  const maxScanned =
    consumer === null && endpoint === undefined ? MAX_ROWS_SCANNED : MAX_SCATTERED_ROWS_SCANNED;
  const bounds = [page.limit, MAX_PAGE_BYTES, MAX_PAGE_DELIVERIES, maxScanned];
  if (endpoint !== undefined) {
    const values = [...filters, ...bounds, endpoint, page.after?.[0] ?? null, ...idsBetween(since, until)];
    const { rows } = await db.query<Row>(LIST_TO_ENDPOINT, [...values, scope.since ?? null]);
    return pageOfRows(rows, (position) => [position]);
  }
  const [time = null, id = null] = page.after ?? [];
  const values = [...filters, ...bounds, time === null ? null : parseSortKeyTime(time), id];
  const { rows } = await db.query<Row>(consumer === null ? LIST_OF_PROJECT : LIST_OF_CONSUMER, values);
  return pageOfRows(rows, (position, time) => [time, position]);
}

function pageOfRows(rows: Row[], sortKey: (position: string, time: string) => string[]): Page<StoredEvent> {
  const items = rows.filter(({ id }) => id !== null);
  const last = items.at(-1);
  if (last?.hasMore) return { items, next: sortKey(last.position, last.time) };
  const { endPosition, endTime } = rows[0]!;
  return { items, next: endPosition === null ? null : sortKey(endPosition, endTime!) };
}

const latest = (a: Date | undefined, b: Date | null | undefined): Date | null =>
  a && b ? (a > b ? a : b) : (a ?? b ?? null);

/** A delivery is created in the same request as its event, but its id may come from a clock that differs. */
const CLOCK_TOLERANCE_MS = 86_400_000;

const idsBetween = (since: Date | null, until: Date | null): [string, string] => [
  since ? minIdAt('dlv', since.getTime() - CLOCK_TOLERANCE_MS) : 'dlv_',
  until ? minIdAt('dlv', until.getTime() + CLOCK_TOLERANCE_MS) : maxId('dlv'),
];
