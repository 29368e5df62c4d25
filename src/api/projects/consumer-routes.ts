import { z } from 'zod';
import type { Queryable } from '../../store/postgres/database.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import {
  deleteConsumer,
  deleteKeysOfConsumer,
  endpointIdsOfConsumer,
  findConsumer,
  listConsumers,
  putConsumer,
} from '../../store/projects/consumers.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import { json, noContent, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { consumerId, pageQuery, pageSchema } from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { consumer as consumerSchema, consumerSettings } from './consumer-schemas.ts';

const params = z.object({ id: consumerId });
const tag = 'Consumers';

const listConsumersQuery = z.strictObject(pageQuery);

export function consumerRoutes(
  { pool, deliveryCommands, endpointStates }: ApiDependencies,
  db: Queryable,
  authentication: Authentication,
  readPool: TenantReadPool,
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
      access: 'project',
      query: listConsumersQuery,
      responses: { 200: { description: 'A page of consumers', schema: pageSchema(consumerSchema) } },
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
        'Open deliveries to its endpoints are cancelled with the reason `endpoint_deleted`. Its events stay visible to project keys. A consumer created later under the same id is a different one, and sees only later events.',
      access: 'project',
      params,
      responses: { 204: { description: 'Deleted' } },
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

  async function handleListConsumers({ tenant, query }: TenantCall<{ query: typeof listConsumersQuery }>) {
    const page = await listConsumers(readPool(tenant), tenant.projectId, pageRequest('timeAndId', query));
    return pageResponse('timeAndId', page.items, page.next);
  }

  async function getConsumer({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    const found = await findConsumer(readPool(tenant), tenant.projectId, id);
    if (!found) throw new Problem('not_found');
    return json(200, found);
  }

  async function handleDeleteConsumer({
    tenant: { projectId },
    params: { id },
  }: TenantCall<{ params: typeof params }>) {
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
}
