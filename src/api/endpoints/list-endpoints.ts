import { z } from 'zod';
import { type EndpointFilter, listEndpoints } from '../../store/endpoints/endpoint-lists.ts';
import { ENDPOINT_STATUSES } from '../../store/endpoints/endpoints.ts';
import { timeOfId } from '../../store/postgres/ids.ts';
import { searchPage } from '../../store/postgres/searches.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { pageRequest } from '../http/cursor.ts';
import { disconnected } from '../http/on-disconnect.ts';
import { pageResponse, searchResponse } from '../http/page-response.ts';
import { type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { consumerId, listOf, pageQuery, searchedPageSchema, text } from '../http/validation/fields.ts';
import type { SearchLimit } from '../limits/search-limit.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { endpointResponse } from './endpoint-response.ts';
import { endpoint } from './endpoint-schemas.ts';

const listEndpointsQuery = z.strictObject({
  ...pageQuery,
  consumer: consumerId.optional(),
  status: listOf(ENDPOINT_STATUSES).optional(),
  q: text(200).min(1).optional().meta({
    description: 'Part of the URL or of the description, whatever the case. Makes the call a search',
    example: 'hooks.example.com',
  }),
});

/** `GET /v1/endpoints`. */
export function listEndpointsRoute(
  { secretBox, clock }: Pick<ApiDependencies, 'secretBox' | 'clock'>,
  readPool: TenantReadPool,
  searches: SearchLimit,
): Route {
  return tenantRoute({
    method: 'get',
    path: '/v1/endpoints',
    operationId: 'listEndpoints',
    tag: 'Endpoints',
    summary: 'List endpoints, newest first',
    description:
      'A page may contain fewer than `limit` endpoints, or none, and still have a `nextCursor` when `status` or `q` matches few of the endpoints scanned. The list ends when `nextCursor` is null. A search looks at no more than 20,000 endpoints, or for 1.5 seconds, and says how far it has come; a project may run two at a time.',
    access: 'consumer',
    query: listEndpointsQuery,
    responses: { 200: { description: 'A page of endpoints', schema: searchedPageSchema(endpoint) } },
    problems: ['invalid_cursor', ...READ_PROBLEMS],
    handle: handleListEndpoints,
  });

  async function handleListEndpoints(call: TenantCall<{ query: typeof listEndpointsQuery }>) {
    const { tenant, query } = call;
    const { limit, cursor, consumer, status, q } = query;
    const filter: EndpointFilter = { consumer, statuses: status, text: q };
    const request = pageRequest('id', { limit, cursor });
    const db = readPool(tenant, disconnected(call.response));
    const read = (page = request, maxRows?: number) => listEndpoints(db, tenant, filter, page, maxRows);
    const { items, next } = await (q === undefined
      ? read()
      : searches.run(tenant, () => searchPage(request, read)));
    const responses = items.map((found) => endpointResponse({ secretBox, clock }, tenant, found));
    if (q === undefined) return pageResponse('id', responses, next);
    const searchedTo = next === null ? null : timeOfId(next[0]!);
    return searchResponse('id', responses, next, { searchedTo, complete: next === null });
  }
}
