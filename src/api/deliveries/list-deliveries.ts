import { z } from 'zod';
import { DELIVERY_STATUSES, OUTCOMES } from '../../policy/outcome.ts';
import { type DeliveryFilter, isSearch, rowsAtOnce } from '../../store/deliveries/delivery-filter.ts';
import { listDeliveries } from '../../store/deliveries/delivery-lists.ts';
import { timeOfId } from '../../store/postgres/ids.ts';
import { searchPage } from '../../store/postgres/searches.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { attributeFilter } from '../events/attribute-filter.ts';
import { bytesOf, contains, requirePayloadsFor, requireWindow } from '../events/payload-search.ts';
import { pageRequest } from '../http/cursor.ts';
import { disconnected } from '../http/on-disconnect.ts';
import { pageResponse, searchResponse } from '../http/page-response.ts';
import { type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import {
  consumerId,
  dateOf,
  eventId,
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
import { deliveryResponses } from './delivery-responses.ts';
import { delivery } from './delivery-schemas.ts';

const listDeliveriesQuery = z
  .object({
    ...pageQuery,
    status: listOf(DELIVERY_STATUSES).optional(),
    attention: flag.optional().meta({
      description:
        'With `true`: only deliveries that are `retrying`, or `undeliverable` with neither `replayedBy` nor `dismissedAt`; none of test events',
    }),
    endpoint: posthornId.optional(),
    event: eventId.optional(),
    consumer: consumerId.optional(),
    since: pointInTime.optional().meta({ description: 'Only deliveries created at or after this time' }),
    until: pointInTime.optional().meta({ description: 'Only deliveries created before this time' }),
    type: name.optional().meta({ description: 'The type of the event. Makes the call a search' }),
    outcome: z.enum(OUTCOMES).optional().meta({
      description: 'The outcome of the last attempt. Makes the call a search',
    }),
    statusCode: z.coerce.number().int().min(100).max(999).optional().meta({
      description: 'The status code of the last attempt. Makes the call a search',
    }),
    errorCode: name.optional().meta({
      description:
        'The code of the error of the last attempt, such as `ECONNREFUSED`. Makes the call a search',
    }),
    contains,
  })
  .catchall(z.unknown());

/** `GET /v1/deliveries`. */
export function listDeliveriesRoute(
  { links, clock }: Pick<ApiDependencies, 'links' | 'clock'>,
  readPool: TenantReadPool,
  searches: SearchLimit,
): Route {
  return tenantRoute({
    method: 'get',
    path: '/v1/deliveries',
    operationId: 'listDeliveries',
    tag: 'Deliveries',
    summary: 'List deliveries, newest first',
    description:
      'A page may contain fewer than `limit` deliveries, or none, and still have a `nextCursor` when a filter matches few of the deliveries scanned. The list ends when `nextCursor` is null. `type`, `outcome`, `statusCode`, `errorCode`, `attribute.<name>=<value>` (up to five of them) and `contains` make the call a search; with the last two it needs `since` within the last 7 days. It looks at no more than 20,000 deliveries, or for 1.5 seconds, and says how far it has come; a project may run two at a time.',
    access: 'consumer',
    query: listDeliveriesQuery,
    responses: { 200: { description: 'A page of deliveries', schema: searchedPageSchema(delivery) } },
    problems: ['invalid_cursor', 'window_required', 'capability_missing', ...READ_PROBLEMS],
    handle: handleListDeliveries,
  });

  async function handleListDeliveries(call: TenantCall<{ query: typeof listDeliveriesQuery }>) {
    const { tenant, query } = call;
    const { limit, cursor, status, attention, endpoint, event, consumer, since, until, ...others } = query;
    const { type, outcome, statusCode, errorCode, contains: text, ...rest } = others;
    const filter: DeliveryFilter = {
      ...{ statuses: status, attention, endpoint, event, consumer, type },
      ...{ outcome, statusCode, errorCode },
      ...{ since: dateOf(since), until: dateOf(until) },
      ...{ attributes: attributeFilter(rest), contains: bytesOf(text) },
    };
    requirePayloadsFor(tenant, text);
    await requireWindow(clock, filter);
    const request = pageRequest('id', { limit, cursor });
    const db = readPool(tenant, disconnected(call.response));
    if (!isSearch(filter)) {
      const page = await listDeliveries(db, tenant, filter, request);
      return pageResponse('id', await deliveryResponses(links, page.items), page.next);
    }
    const { items, next } = await searches.run(tenant, () =>
      searchPage(request, (page, maxRows) => listDeliveries(db, tenant, filter, page, maxRows), {
        rowsAtOnce: rowsAtOnce(filter),
      }),
    );
    const searchedTo = next === null ? (filter.since ?? null) : timeOfId(next[0]!);
    return searchResponse('id', await deliveryResponses(links, items), next, {
      searchedTo,
      complete: next === null,
    });
  }
}
