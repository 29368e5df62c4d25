import type { EventStatus, Outcome } from '../../policy/outcome.ts';
import { allOf, MAX_ROWS_SCANNED } from '../postgres/pages.ts';
import type { SearchOptions } from '../postgres/searches.ts';
import type { Scope } from '../scope.ts';

export type EventFilter = {
  type?: string | undefined;
  statuses?: readonly EventStatus[] | undefined;
  consumer?: string | undefined;
  endpoint?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  test?: boolean | undefined;
  /** Only events that have all of these. */
  attributes?: Record<string, string> | undefined;
  /** Only events with these bytes in their body. */
  contains?: Buffer | undefined;
  /** Only events with a delivery whose last attempt had this outcome and this status code. */
  outcome?: Outcome | undefined;
  statusCode?: number | undefined;
};

const namesAttempt = ({ outcome, statusCode }: EventFilter): boolean =>
  outcome !== undefined || statusCode !== undefined;

/** Whether the filter names what no index does, so that rows are looked at that do not match. */
export const isSearch = (filter: EventFilter): boolean =>
  filter.attributes !== undefined || filter.contains !== undefined || namesAttempt(filter);

/** Whether nothing but the type and the attributes decides, so that nearly all events whose bits match are on the page. */
const isByBitsAlone = ({ statuses, test, contains, ...filter }: EventFilter): boolean =>
  statuses === undefined && test === undefined && contains === undefined && !namesAttempt(filter);

/**
 * Whether a list of a project's events reads only those whose bits match (search-bits.ts). Reading an event by its id costs several
 * times as much as reading it along the index, so a type alone must not leave many that another condition excludes.
 */
export const readsBits = (filter: EventFilter): boolean =>
  filter.attributes !== undefined || (filter.type !== undefined && isByBitsAlone(filter));

/** Whether all events of the project are listed, and not those of one consumer or to one endpoint. */
export const isOfProject = (filter: EventFilter, scope: Pick<Scope, 'consumer'>): boolean =>
  (filter.consumer ?? scope.consumer) === null && filter.endpoint === undefined;

/** The most events that a search by attributes looks at for one page: some 80 ms of CPU if the bits of none match. */
const MAX_SEARCHED_BY_BITS = 100_000;

/** How many events a search, and each of its statements, looks at: they may have 10,000 deliveries or a body of 1 MB each. */
export function searchOptions(filter: EventFilter, scope: Pick<Scope, 'consumer'>): SearchOptions {
  if (namesAttempt(filter)) return { rowsAtOnce: 100 };
  if (filter.contains !== undefined) return { rowsAtOnce: 200 };
  return isOfProject(filter, scope) && isByBitsAlone(filter)
    ? { firstRows: 1_000, rowsAtOnce: MAX_ROWS_SCANNED, maxRows: MAX_SEARCHED_BY_BITS }
    : {};
}

// $1 project, $2 consumer, $3 type, $4 statuses, $5 since, $6 until, $7 events on a page, $8 bytes and $9 deliveries on it,
// $10 rows to scan, $11 test, $12 attributes, $13 bytes of the body, $14 outcome, $15 status code.
export const FILTER_PARAMETERS = [
  ...['text', 'text', 'text', 'text[]', 'timestamptz', 'timestamptz', 'int', 'bigint', 'bigint'],
  ...['int', 'boolean', 'jsonb', 'bytea', 'text', 'int'],
];

/** SQL: whether event `e` matches. Its parameters are those above; with `endpoint`, $16 is the endpoint of the delivery. */
export function conditionsOf(filter: EventFilter, consumer: string | null): string {
  const { endpoint, type, statuses, since, until, test, attributes, contains } = filter;
  const { outcome, statusCode } = filter;
  // OFFSET 0 keeps Postgres from reading all deliveries with the outcome, to compare the events with them.
  const hasDelivery = `EXISTS (
    SELECT FROM deliveries d
    WHERE d.project_id = $1 AND d.event_id = e.id AND ${allOf([
      endpoint !== undefined && 'd.endpoint_id = $16',
      outcome !== undefined && 'd.last_outcome = $14',
      statusCode !== undefined && 'd.last_status_code = $15',
    ])} OFFSET 0)`;
  return allOf([
    consumer !== null && 'e.consumer = $2',
    type !== undefined && 'e.type = $3',
    statuses !== undefined && 'e.status = ANY ($4)',
    since !== undefined && 'e.created_at >= $5',
    until !== undefined && 'e.created_at < $6',
    test !== undefined && 'e.test = $11',
    attributes !== undefined && 'e.attributes @> $12',
    contains !== undefined && 'position($13 IN e.body) > 0',
    namesAttempt(filter) && hasDelivery,
  ]);
}
