import { z } from 'zod';
import { beginErasure } from '../../store/erasures/begin-erasure.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { newId } from '../../store/postgres/ids.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import { searchPage } from '../../store/postgres/searches.ts';
import {
  deleteConsumer,
  deleteKeysOfConsumer,
  endpointIdsOfConsumer,
  findConsumer,
  listConsumers,
  putConsumer,
} from '../../store/projects/consumers.ts';
import { searchConsumers } from '../../store/projects/search-consumers.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { erasureBegun } from '../erasures/erasure-response.ts';
import { type ErasureResponse, erasure } from '../erasures/erasure-schemas.ts';
import { pageRequest } from '../http/cursor.ts';
import { disconnected } from '../http/on-disconnect.ts';
import { pageResponse, searchResponse } from '../http/page-response.ts';
import {
  json,
  noContent,
  type Route,
  type RouteResponse,
  type TenantCall,
  tenantRoute,
} from '../http/route.ts';
import { consumerId, pageQuery, searchedPageSchema, text } from '../http/validation/fields.ts';
import type { SearchLimit } from '../limits/search-limit.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { consumer as consumerSchema, consumerSettings } from './consumer-schemas.ts';

const params = z.object({ id: consumerId });
const eraseQuery = z.strictObject({
  erase: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'Also erases its events with their deliveries, attempts and outcomes' }),
});
const tag = 'Consumers';

const listConsumersQuery = z.strictObject({
  ...pageQuery,
  q: text(200).min(1).optional().meta({
    description: 'Part of the id or of the name, whatever the case. Makes the call a search',
    example: 'acme',
  }),
});

export function consumerRoutes(
  { pool, clock, config, deliveryCommands, endpointStates, erasureJobs }: ApiDependencies,
  db: Queryable,
  authentication: Authentication,
  readPool: TenantReadPool,
  searches: SearchLimit,
): Route[] {
  return [
    tenantRoute({
      method: 'put',
      path: '/v1/consumers/{id}',
      operationId: 'putConsumer',
      rateLimit: 'consumerChanges',
      tag,
      summary: 'Create or update a consumer',
      description:
        'A consumer is also created when an endpoint, an event or a key first names it, without a plan, which counts as `free`. If the project limits webhooks to certain plans, a change of the plan holds or releases the deliveries of the consumer. The id may be personal data such as an email address: unlike event ids, it does not appear in Temporal.',
      access: 'project',
      params,
      body: consumerSettings,
      responses: { 200: { description: 'The consumer', schema: consumerSchema } },
      handle: handlePutConsumer,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/consumers',
      operationId: 'listConsumers',
      tag,
      summary: 'List consumers, newest first',
      description:
        'With `q`, a page may contain fewer than `limit` consumers, or none, and still have a `nextCursor`: a search looks at no more than 20,000 consumers, or for 1.5 seconds, and says how far it has come; a project may run two at a time.',
      access: 'project',
      query: listConsumersQuery,
      responses: { 200: { description: 'A page of consumers', schema: searchedPageSchema(consumerSchema) } },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: handleListConsumers,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/consumers/{id}',
      operationId: 'getConsumer',
      tag,
      summary: 'Get a consumer',
      access: 'project',
      params,
      responses: { 200: { description: 'The consumer', schema: consumerSchema } },
      handle: getConsumer,
    }),
    tenantRoute({
      method: 'delete',
      path: '/v1/consumers/{id}',
      operationId: 'deleteConsumer',
      rateLimit: 'consumerChanges',
      tag,
      summary: 'Delete a consumer with its keys and endpoints',
      description:
        'Open deliveries to its endpoints are cancelled with the reason `endpoint_deleted`. Its events stay visible to project keys. A consumer created later under the same id is a different one, and sees only later events. With `erase=true`, a job that outlives this call deletes the consumer and erases its events, also those of earlier consumers with the same id; `GET /v1/erasures/{id}` reports its end.',
      access: 'project',
      params,
      query: eraseQuery,
      responses: {
        202: { description: 'With `erase=true`: the job', schema: erasure },
        204: { description: 'Deleted' },
      },
      problems: ['quota_exceeded'],
      handle: handleDeleteConsumer,
    }),
  ];

  async function handlePutConsumer({
    tenant: { projectId },
    params: { id },
    body,
  }: TenantCall<{ params: typeof params; body: typeof consumerSettings }>) {
    const settings = { id, name: body.name ?? null, plan: body.plan ?? null };
    const { consumer, generation } = await putConsumer(db, projectId, settings);
    if (generation !== null)
      await mapOutage(endpointStates.applyPlans({ projectId, consumer: id, generation }));
    return json(200, consumer);
  }

  async function handleListConsumers(call: TenantCall<{ query: typeof listConsumersQuery }>) {
    const { tenant, query } = call;
    const { q, ...rest } = query;
    const request = pageRequest('timeAndId', rest);
    const db = readPool(tenant, disconnected(call.response));
    const { projectId } = tenant;
    if (q === undefined) {
      const { items, next } = await listConsumers(db, projectId, request);
      return pageResponse('timeAndId', items, next);
    }
    const read = (page = request, maxRows: number) => searchConsumers(db, projectId, q, page, maxRows);
    const { items, next } = await searches.run(tenant, () => searchPage(request, read));
    const searchedTo = next === null ? null : new Date(next[0]!);
    return searchResponse('timeAndId', items, next, { searchedTo, complete: next === null });
  }

  async function getConsumer({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    const found = await findConsumer(readPool(tenant), tenant.projectId, id);
    if (!found) throw new Problem('not_found');
    return json(200, found);
  }

  async function handleDeleteConsumer({
    tenant: { projectId },
    params: { id },
    query,
  }: TenantCall<{ params: typeof params; query: typeof eraseQuery }>): Promise<
    RouteResponse<ErasureResponse>
  > {
    if (query.erase === 'true') return eraseConsumer(projectId, id);
    if (!(await findConsumer(db, projectId, id))) throw new Problem('not_found');
    // Keys are deleted first, because a key could create another endpoint meanwhile. The consumer is deleted last, so
    // that a caller can repeat a request that failed halfway.
    await deleteKeysOfConsumer(db, projectId, id);
    authentication.invalidate(projectId);
    // Repeated, because a call that was authenticated before its key was deleted may have created an endpoint.
    do {
      for (const endpointId of await endpointIdsOfConsumer(db, projectId, id))
        await mapOutage(deliveryCommands.deleteEndpoint(projectId, id, endpointId));
    } while (!(await mapOutage(deleteConsumer(pool, projectId, id))));
    authentication.invalidate(projectId);
    return noContent();
  }

  /** A consumer that has been deleted before may be erased as well, for its events. */
  async function eraseConsumer(projectId: string, subject: string): Promise<RouteResponse<ErasureResponse>> {
    const job = { id: newId('era', clock.now()), projectId, subject };
    const { erasuresOfProject } = config.quotas;
    const stored = await mapOutage(beginErasure(pool, 'consumer', job, erasuresOfProject));
    authentication.invalidate(projectId);
    return erasureBegun(erasureJobs, stored);
  }
}
