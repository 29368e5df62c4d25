import { z } from 'zod';
import type { TimeSlices } from '../../limits/time-slices.ts';
import { type Endpoint, findEndpoint } from '../../store/endpoints/endpoints.ts';
import { changesLimits, updateEndpoint } from '../../store/endpoints/update-endpoint.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { Tenant } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { testEventRoute } from '../events/test-events.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { posthornId } from '../http/validation/fields.ts';
import {
  IDEMPOTENCY_KEY_HEADER,
  IDEMPOTENCY_PROBLEMS,
  idempotentCall,
} from '../idempotency/idempotent-call.ts';
import type { SearchLimit } from '../limits/search-limit.ts';
import type { TenantReadPool } from '../limits/tenant-read-pool.ts';
import { invalidBody, Problem } from '../problems/problem.ts';
import { deleteEndpoint } from './delete-endpoint.ts';
import { endpointResponse } from './endpoint-response.ts';
import { createdEndpoint, endpoint, endpointChanges, newEndpoint } from './endpoint-schemas.ts';
import { filterPreviewRoute } from './filter-preview.ts';
import { listEndpointsRoute } from './list-endpoints.ts';
import { checkedOAuthChanges, refuseOtherAuthorization } from './oauth/checked-oauth.ts';
import type { OAuthChanges } from './oauth/oauth-schemas.ts';
import { sealedOAuthChange } from './oauth/seal-oauth.ts';
import { endpointOrderRoute } from './order-route.ts';
import { operationFor, registerEndpoint } from './register-endpoint.ts';
import { rotateSecretRoute } from './rotate-secret.ts';
import { mapUidTaken } from './same-endpoint.ts';
import { checkedFilter } from './settings/endpoint-filter.ts';
import { checkEndpointHeaders, maskedHeaders, sealHeaders } from './settings/endpoint-headers.ts';
import { requireProjectForPolicy } from './settings/endpoint-policy.ts';
import { requireKnownOrExistingTypes } from './settings/subscriptions.ts';
import { checkedEndpointUrl } from './settings/target-urls.ts';
import { checkedTls, mapTlsWithoutHttps, NO_TLS } from './tls/checked-tls.ts';
import { sealTls } from './tls/seal-tls.ts';

const params = z.object({ id: posthornId });
const tag = 'Endpoints';

export function endpointRoutes(
  deps: ApiDependencies,
  db: Queryable,
  readPool: TenantReadPool,
  searches: SearchLimit,
  slicesOf: (group: string) => TimeSlices,
): Route[] {
  const { secretBox, deliveryCommands, endpointStates, guard } = deps;
  const responseOf = (tenant: Tenant, found: Endpoint) => endpointResponse(deps, tenant, found);

  return [
    tenantRoute({
      method: 'post',
      path: '/v1/endpoints',
      operationId: 'createEndpoint',
      rateLimit: 'endpointChanges',
      tag,
      summary: 'Create an endpoint',
      description:
        'The response is the only one that contains the secret. With a project key, an endpoint that has the URL of the sample receiver of `npm start` and no `secret` gets the secret of that receiver, which is not returned. A consumer key creates endpoints of its consumer. To be able to repeat the call, give the endpoint a `uid`, or send an `Idempotency-Key`.',
      access: 'consumer',
      needs: 'endpoints',
      requestHeaders: IDEMPOTENCY_KEY_HEADER,
      body: newEndpoint,
      responses: {
        200: {
          description:
            'The endpoint that has this `uid`, without its secret; or the response to the first call with this `Idempotency-Key`',
          schema: createdEndpoint,
        },
        201: { description: 'The endpoint, with its secret', schema: createdEndpoint },
      },
      problems: ['invalid_url', 'plan_required', 'quota_exceeded', 'uid_conflict', ...IDEMPOTENCY_PROBLEMS],
      handle: createEndpoint,
    }),
    listEndpointsRoute(deps, readPool, searches),
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
      needs: 'endpoints',
      params,
      body: endpointChanges,
      responses: { 200: { description: 'The updated endpoint', schema: endpoint } },
      problems: ['invalid_url', 'quota_exceeded', 'uid_conflict'],
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
      needs: 'endpoints',
      params,
      responses: { 204: { description: 'Deleted' } },
      handle: handleDeleteEndpoint,
    }),
    endpointOrderRoute(deps, readPool),
    rotateSecretRoute(deps),
    testEventRoute(deps, db, slicesOf),
    filterPreviewRoute(readPool, slicesOf),
  ];

  function createEndpoint({ tenant, body, request }: TenantCall<{ body: typeof newEndpoint }>) {
    const call = idempotentCall(secretBox, tenant, request, operationFor(tenant, 'createEndpoint'), body);
    return registerEndpoint(deps, tenant, body, call, ({ endpoint: registered, secretField }) => ({
      ...responseOf(tenant, registered),
      ...secretField,
    }));
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
    const { url, headers, filter, tls, oauth, ...rest } = body;
    if (headers) checkEndpointHeaders(headers, profile.reservedHeaderNames);
    requireProjectForPolicy(tenant, body);
    const eventsNow = async () => (await findEndpoint(db, tenant, id))?.events ?? [];
    if (rest.events) await requireKnownOrExistingTypes(tenant.catalogue, rest.events, eventsNow);
    const newUrl = url && (await changedUrl(tenant, id, url));
    const newTls = tls === null ? NO_TLS : checkedTls(tls, deps.clock.now());
    const newOAuth = oauth && checkedOAuthChanges(oauth, profile.urls, guard);
    await requireOneAuthorization(tenant, id, headers, newOAuth);
    const stored = {
      ...rest,
      url: newUrl,
      headers: headers === undefined ? undefined : sealHeaders(secretBox, projectId, id, headers),
      filter: filter === undefined ? undefined : await checkedFilter(tenant, filter),
      tls: sealTls(secretBox, projectId, id, newTls),
      oauth: newOAuth === undefined ? undefined : sealedOAuthChange(secretBox, projectId, id, newOAuth),
    };
    const update = updateEndpoint(deps.pool, tenant, id, stored, deps.config.quotas);
    const changed = await mapOutage(mapTlsWithoutHttps(mapUidTaken(update)));
    if (!changed) throw new Problem('not_found');
    if (changesLimits(rest)) await mapOutage(endpointStates.moveToLane(projectId, changed));
    return json(200, responseOf(tenant, changed));
  }

  /** Undefined: it stays that of a listener. */
  async function changedUrl(tenant: Tenant, id: string, url: string): Promise<string | undefined> {
    const found = await findEndpoint(db, tenant, id);
    if (found?.kind !== 'listener') return checkedEndpointUrl(url, tenant.profile.urls, guard);
    if (url === found.url) return undefined;
    throw invalidBody([{ pointer: '/url', detail: 'cannot be changed: the endpoint is a listener' }]);
  }

  /** A listener gets no token: its client, not a URL, would get it. Only a change of one of the two can make them collide. */
  async function requireOneAuthorization(
    tenant: Tenant,
    id: string,
    headers: Record<string, string> | null | undefined,
    oauth: OAuthChanges | null | undefined,
  ): Promise<void> {
    if (!oauth && !headers) return;
    const found = await findEndpoint(db, tenant, id);
    if (!found) return;
    if (oauth && found.kind === 'listener')
      throw invalidBody([{ pointer: '/oauth', detail: 'cannot be set: the endpoint is a listener' }]);
    const stored = maskedHeaders(secretBox, tenant.projectId, id, found.headers);
    const names = Object.keys((headers === undefined ? stored : headers) ?? {});
    const hasOAuth = oauth === undefined ? found.oauth !== null : oauth !== null;
    refuseOtherAuthorization(hasOAuth, names, tenant.profile.reservedHeaderNames);
  }

  function handleDeleteEndpoint(call: TenantCall<{ params: typeof params }>) {
    return deleteEndpoint(deliveryCommands, call.tenant, call.params.id);
  }
}
