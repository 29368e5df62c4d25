import { z } from 'zod';
import {
  type Endpoint,
  findEndpoint,
  listEndpoints,
  updateEndpoint,
} from '../../store/endpoints/endpoints.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import type { Tenant } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { testEventRoute } from '../events/test-events.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { consumerId, pageQuery, pageSchema, posthornId } from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { deleteEndpoint } from './delete-endpoint.ts';
import { checkEndpointHeaders, sealHeaders } from './endpoint-headers.ts';
import { endpointResponse } from './endpoint-response.ts';
import { createdEndpoint, endpoint, endpointChanges, newEndpoint } from './endpoint-schemas.ts';
import { registerEndpoint } from './register-endpoint.ts';
import { rotateSecretRoute } from './rotate-secret.ts';
import { requireKnownOrExistingTypes } from './subscriptions.ts';
import { checkedEndpointUrl } from './target-urls.ts';

const params = z.object({ id: posthornId });
const tag = 'Endpoints';

const listEndpointsQuery = z.strictObject({ ...pageQuery, consumer: consumerId.optional() });

export function endpointRoutes(deps: ApiDependencies, db: Queryable, readPool: TenantReadPool): Route[] {
  const { secretBox, deliveryCommands, guard } = deps;
  const responseOf = (tenant: Tenant, found: Endpoint) => endpointResponse(secretBox, tenant, found);

  return [
    tenantRoute({
      method: 'post',
      path: '/v1/endpoints',
      operationId: 'createEndpoint',
      rateLimit: 'endpointChanges',
      tag,
      summary: 'Create an endpoint',
      description:
        'The response is the only one that contains the secret. A consumer key creates endpoints of its consumer.',
      access: 'consumer',
      body: newEndpoint,
      responses: { 201: { description: 'The endpoint, with its secret', schema: createdEndpoint } },
      problems: ['invalid_url', 'plan_required', 'quota_exceeded'],
      handle: createEndpoint,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/endpoints',
      operationId: 'listEndpoints',
      tag,
      summary: 'List endpoints, newest first',
      access: 'consumer',
      query: listEndpointsQuery,
      responses: { 200: { description: 'A page of endpoints', schema: pageSchema(endpoint) } },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: handleListEndpoints,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/endpoints/{id}',
      operationId: 'getEndpoint',
      tag,
      summary: 'Get an endpoint',
      access: 'consumer',
      params,
      responses: { 200: { description: 'The endpoint', schema: endpoint } },
      handle: getEndpoint,
    }),
    tenantRoute({
      method: 'patch',
      path: '/v1/endpoints/{id}',
      operationId: 'changeEndpoint',
      rateLimit: 'endpointChanges',
      tag,
      summary: 'Update an endpoint',
      description:
        'Omitted members stay unchanged. Attempts that start after the response use the new values.',
      access: 'consumer',
      params,
      body: endpointChanges,
      responses: { 200: { description: 'The updated endpoint', schema: endpoint } },
      problems: ['invalid_url'],
      handle: changeEndpoint,
    }),
    tenantRoute({
      method: 'delete',
      path: '/v1/endpoints/{id}',
      operationId: 'deleteEndpoint',
      rateLimit: 'endpointChanges',
      tag,
      summary: 'Delete an endpoint',
      description: 'Its open deliveries are cancelled with the reason `endpoint_deleted`.',
      access: 'consumer',
      params,
      responses: { 204: { description: 'Deleted' } },
      handle: handleDeleteEndpoint,
    }),
    rotateSecretRoute(deps),
    testEventRoute(deps, db),
  ];

  async function createEndpoint({ tenant, body }: TenantCall<{ body: typeof newEndpoint }>) {
    const { endpoint: created, secretField } = await registerEndpoint(deps, tenant, body);
    return json(201, { ...responseOf(tenant, created), ...secretField });
  }

  async function handleListEndpoints({ tenant, query }: TenantCall<{ query: typeof listEndpointsQuery }>) {
    const page = await listEndpoints(readPool(tenant), tenant, query, pageRequest('id', query));
    const items = page.items.map((found) => responseOf(tenant, found));
    return pageResponse('id', items, page.next);
  }

  async function getEndpoint({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    const found = await findEndpoint(readPool(tenant), tenant, id);
    if (!found) throw new Problem('not_found');
    return json(200, responseOf(tenant, found));
  }

  async function changeEndpoint({
    tenant,
    params: { id },
    body,
  }: TenantCall<{ params: typeof params; body: typeof endpointChanges }>) {
    const { projectId, profile } = tenant;
    const { url, headers, ...rest } = body;
    if (headers) checkEndpointHeaders(headers, profile.reservedHeaderNames);
    if (rest.events)
      await requireKnownOrExistingTypes(tenant.catalogue, rest.events, async () => {
        const present = await findEndpoint(db, tenant, id);
        return present?.events ?? [];
      });
    const changed = await updateEndpoint(db, tenant, id, {
      ...rest,
      url: url && checkedEndpointUrl(url, profile.urls, guard),
      headers: headers === undefined ? undefined : sealHeaders(secretBox, projectId, id, headers),
    });
    if (!changed) throw new Problem('not_found');
    return json(200, responseOf(tenant, changed));
  }

  function handleDeleteEndpoint(call: TenantCall<{ params: typeof params }>) {
    return deleteEndpoint(deliveryCommands, call.tenant, call.params.id);
  }
}
