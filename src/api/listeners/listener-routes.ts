import { z } from 'zod';
import { hasListener, listListeners } from '../../store/listeners/listeners.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { deleteEndpoint } from '../endpoints/delete-endpoint.ts';
import { ClientDisconnected } from '../http/body/request-body.ts';
import { pageRequest } from '../http/cursor.ts';
import { eventStreamResponse, lastEventId, refuseWhileStopping } from '../http/event-streams.ts';
import { onDisconnect } from '../http/on-disconnect.ts';
import { pageResponse } from '../http/page-response.ts';
import { EVENT_STREAM, noContent, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { pageQuery, pageSchema, posthornId } from '../http/validation/fields.ts';
import type { StreamLimit } from '../limits/stream-limit.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { createListener } from './create-listener.ts';
import { createdListener, listener, listenerResponse, newListener } from './listener-schemas.ts';

const tag = 'Listeners';
const params = z.object({ id: posthornId });
const listQuery = z.strictObject(pageQuery);

export function listenerRoutes(
  deps: ApiDependencies,
  authentication: Authentication,
  readPool: TenantReadPool,
  limit: StreamLimit,
): Route[] {
  const { listenerStreams, deliveryCommands, shutdownSignal, config } = deps;
  return [
    tenantRoute({
      method: 'post',
      path: '/v1/listeners',
      operationId: 'createListener',
      rateLimit: 'endpointChanges',
      tag,
      summary: 'Create a listener',
      description:
        'A listener is an endpoint without a URL: a client reads its requests from a stream, and reports the responses. The response with 201 is the only one that contains the secret. It is deleted 24 hours after the end of its last connection, or after its creation if it never had one.',
      access: 'consumer',
      needs: 'endpoints',
      body: newListener,
      bodyOptional: true,
      responses: {
        200: { description: 'The listener that has this label, without its secret', schema: createdListener },
        201: { description: 'The listener, with its secret', schema: createdListener },
      },
      problems: ['plan_required', 'quota_exceeded', 'listeners_off'],
      handle: ({ tenant, body }: TenantCall<{ body: typeof newListener }>) =>
        createListener(deps, tenant, body),
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/listeners',
      operationId: 'listListeners',
      tag,
      summary: 'List listeners, newest first',
      access: 'consumer',
      query: listQuery,
      responses: { 200: { description: 'A page of listeners', schema: pageSchema(listener) } },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: list,
    }),
    tenantRoute({
      method: 'delete',
      path: '/v1/listeners/{id}',
      operationId: 'deleteListener',
      rateLimit: 'endpointChanges',
      tag,
      summary: 'Delete a listener',
      description:
        'Its open deliveries are cancelled with the reason `endpoint_deleted`, and its stream ends.',
      access: 'consumer',
      needs: 'endpoints',
      params,
      responses: { 204: { description: 'Deleted' } },
      handle: remove,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/listeners/{id}/requests',
      operationId: 'streamListenerRequests',
      tag,
      summary: 'Stream the requests of a listener as server-sent events',
      description:
        'Each attempt is an event `request`, with the data `{delivery, attempt, event, type, url, headers, body, timeoutMs}`: the request as it is signed, and the milliseconds until the attempt ends. `Last-Event-ID` gets again what was sent after it and has no response. A listener has one stream: an older one ends with the event `replaced`. A key or session that only reads gets 403.',
      access: 'consumer',
      needs: 'endpoints',
      takesOver: true,
      params,
      requestHeaders: { 'Last-Event-ID': 'The last request that has arrived' },
      responses: { 200: { description: 'A stream that stays open', type: EVENT_STREAM } },
      problems: ['invalid_request', 'too_many_streams', 'listeners_off'],
      handle: streamRequests,
    }),
    tenantRoute({
      method: 'post',
      path: '/v1/listeners/{id}/responses',
      operationId: 'respondToListener',
      rateLimit: 'listenerResponses',
      tag,
      summary: 'Report the response to a request of a listener',
      description:
        'Ends the attempt: a `status` counts as the response of a URL would, an `error` as a request without a response.',
      access: 'consumer',
      needs: 'endpoints',
      audited: false,
      params,
      body: listenerResponse,
      responses: { 204: { description: 'The attempt has this response' } },
      problems: ['response_too_late'],
      handle: respond,
    }),
  ];

  async function list({ tenant, query }: TenantCall<{ query: typeof listQuery }>) {
    const page = await listListeners(readPool(tenant), tenant, pageRequest('id', query));
    return pageResponse('id', page.items, page.next);
  }

  async function remove({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    if (!(await hasListener(readPool(tenant), tenant, id))) throw new Problem('not_found');
    return deleteEndpoint(deliveryCommands, tenant, id);
  }

  async function streamRequests({
    tenant,
    params: { id },
    request,
    response,
  }: TenantCall<{ params: typeof params }>) {
    if (!config.listeners) throw new Problem('listeners_off');
    refuseWhileStopping(shutdownSignal);
    const after = lastEventId(request, /^\d{1,18}$/) ?? '0';
    onDisconnect(response, limit.acquire({ ...tenant, key: authentication.keyFingerprint(request) }));
    // Its stream would take the place of the next one of the client.
    if (response.destroyed) throw new ClientDisconnected();
    const stream = await listenerStreams.open(tenant, id, after);
    if (!stream) throw new Problem('not_found');
    return eventStreamResponse(stream, { request, response }, authentication, shutdownSignal);
  }

  async function respond({
    tenant,
    params: { id },
    body,
  }: TenantCall<{ params: typeof params; body: typeof listenerResponse }>) {
    const { delivery, attempt, status, error, headers = {}, truncated = false } = body;
    const durationMs = body.durationMs ?? null;
    const request = { deliveryId: delivery, attempt };
    const reported =
      status === undefined
        ? { error: error!, durationMs }
        : { status, headers: withLowerCaseNames(headers), body: body.body ?? '', truncated, durationMs };
    const result = await mapOutage(listenerStreams.respond(tenant, id, request, reported));
    if (result === 'not_found') throw new Problem('not_found');
    if (result === 'too_late') throw new Problem('response_too_late');
    return noContent();
  }
}

/** As Node has the headers of a response. Values of names that differ only in case become one list. */
function withLowerCaseNames(headers: Record<string, string | string[]>): Record<string, string | string[]> {
  const values = Map.groupBy(Object.entries(headers), ([name]) => name.toLowerCase());
  return Object.fromEntries(
    [...values].map(([name, entries]) => [
      name,
      entries.length === 1 ? entries[0]![1] : entries.flatMap(([, value]) => value),
    ]),
  );
}
