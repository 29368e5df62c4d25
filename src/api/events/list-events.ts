import { z } from 'zod';
import { EVENT_STATUSES, OUTCOMES } from '../../policy/outcome.ts';
import { type EventFilter, isSearch, searchOptions } from '../../store/events/event-filter.ts';
import { listEventSummaries, listEvents } from '../../store/events/event-lists.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { timeOfId } from '../../store/postgres/ids.ts';
import type { Page, PageRequest } from '../../store/postgres/pages.ts';
import { type ScannedPage, searchPage } from '../../store/postgres/searches.ts';
import type { Scope } from '../../store/scope.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { pageRequest } from '../http/cursor.ts';
import { disconnected } from '../http/on-disconnect.ts';
import { pageTextResponse, type Searched } from '../http/page-response.ts';
import { type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import {
  consumerId,
  dateOf,
  flag,
  listOf,
  name,
  pageQuery,
  pointInTime,
  posthornId,
  searchedPageSchema,
} from '../http/validation/fields.ts';
import type { SearchLimit } from '../limits/search-limit.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { attributeFilter } from './attribute-filter.ts';
import { eventJsonList, eventSummaryJson } from './event-responses.ts';
import { event, eventSummary } from './event-schemas.ts';
import { bytesOf, contains, requirePayloadsFor, requireWindow } from './payload-search.ts';

const listEventsQuery = z
  .object({
    ...pageQuery,
    type: name.optional(),
    status: listOf(EVENT_STATUSES).optional(),
    consumer: consumerId.optional(),
    endpoint: posthornId.optional(),
    since: pointInTime.optional().meta({ description: 'Only events created at or after this time' }),
    until: pointInTime.optional().meta({ description: 'Only events created before this time' }),
    test: flag.optional(),
    contains,
    outcome: z.enum(OUTCOMES).optional().meta({
      description:
        'Only events with a delivery whose last attempt had this outcome; with `endpoint`, the delivery to it. Makes the call a search',
    }),
    statusCode: z.coerce.number().int().min(100).max(999).optional().meta({
      description: 'The same for the status code; with `outcome`, of the same attempt',
    }),
    fields: z.enum(['summary']).optional().meta({
      description: 'With `summary`: sizes and counts instead of data, bodies and deliveries',
    }),
  })
  .catchall(z.unknown());

type List<Item> = (
  db: Queryable,
  scope: Scope,
  filter: EventFilter,
  page: PageRequest,
  maxRows?: number,
) => Promise<ScannedPage<Item>>;

/** `GET /v1/events`. */
export function listEventsRoute(
  { links, clock }: ApiDependencies,
  readPool: TenantReadPool,
  searches: SearchLimit,
): Route {
  return tenantRoute({
    method: 'get',
    path: '/v1/events',
    operationId: 'listEvents',
    tag: 'Events',
    summary: 'List events, newest first',
    description:
      'A page may contain fewer than `limit` events, or none, and still have a `nextCursor`: when events are large, or when a filter matches few of the events scanned. The list ends when `nextCursor` is null. `attribute.<name>=<value>`, up to five of them, `contains`, `outcome` and `statusCode` make the call a search. With the first two it needs `since` within the last 7 days. It looks at no more than 20,000 events (100,000 if no other filter than attributes, `type` and times is set), or for 1.5 seconds, and says how far it has come; a project may run two at a time.',
    access: 'consumer',
    query: listEventsQuery,
    responses: {
      200: { description: 'A page of events', schema: searchedPageSchema(z.union([event, eventSummary])) },
    },
    problems: ['invalid_cursor', 'window_required', 'capability_missing', ...READ_PROBLEMS],
    handle: handleListEvents,
  });

  async function handleListEvents(call: TenantCall<{ query: typeof listEventsQuery }>) {
    const { tenant, query } = call;
    const { limit, cursor, type, status, consumer, endpoint, since, until, test, fields, ...others } = query;
    const { contains: text, outcome, statusCode, ...rest } = others;
    const filter: EventFilter = {
      ...{ type, statuses: status, consumer, endpoint, test, outcome, statusCode },
      ...{ since: dateOf(since), until: dateOf(until) },
      ...{ attributes: attributeFilter(rest), contains: bytesOf(text) },
    };
    const isSearched = isSearch(filter);
    requirePayloadsFor(tenant, text);
    await requireWindow(clock, filter);
    const kind = endpoint === undefined ? 'timeAndId' : 'id';
    const request = pageRequest(kind, { limit, cursor });
    const db = readPool(tenant, disconnected(call.response));

    const read = <Item>(list: List<Item>): Promise<Page<Item>> =>
      isSearched
        ? searches.run(tenant, () =>
            searchPage(
              request,
              (page, maxRows) => list(db, tenant, filter, page, maxRows),
              searchOptions(filter, tenant),
            ),
          )
        : list(db, tenant, filter, request);
    const respond = (items: string[], next: string[] | null) =>
      pageTextResponse(kind, items, next, isSearched ? searchedBy(filter, next) : undefined);

    if (fields === 'summary') {
      const { items, next } = await read(listEventSummaries);
      return respond(items.map(eventSummaryJson), next);
    }
    const { items, next } = await read(listEvents);
    return respond(await eventJsonList(db, links, tenant, items), next);
  }
}

/** The position of a page is the time of an event, or the id of a delivery to the endpoint. */
function searchedBy({ since, endpoint }: EventFilter, next: string[] | null): Searched {
  if (next === null) return { searchedTo: since ?? null, complete: true };
  return { searchedTo: endpoint === undefined ? new Date(next[0]!) : timeOfId(next[0]!), complete: false };
}
