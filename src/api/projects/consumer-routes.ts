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
import { encodeCursor, pageRequest } from '../http/cursor.ts';
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
  reads: TenantReadPool,
): Route[] {
  return [
    tenantRoute({
      method: 'put',
      path: '/v1/consumers/{id}',
      operationId: 'putConsumer',
      rateLimit: 'consumerChanges',
      tag,
      summary: 'Make or change a consumer',
      description:
        'A consumer that an endpoint, an event or a key names first is made, without a plan, which counts as `free`. Where the project names plans that may use webhooks, a change of the plan holds its deliveries or releases them. Its id may be personal data, such as an address of mail: unlike the ids of events it does not appear in Temporal.',
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
      summary: 'Read a consumer',
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
        'Open deliveries to its endpoints are cancelled with the reason `endpoint_deleted`; its events stay, for the keys of the project. A consumer that is made under the same id later is another one: it sees what comes from then on.',
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
    const page = await listConsumers(reads(tenant), tenant.projectId, pageRequest('timeAndId', query));
    return json(200, {
      items: page.items,
      nextCursor: page.next && encodeCursor('timeAndId', page.next),
    });
  }

  async function getConsumer({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    const found = await findConsumer(reads(tenant), tenant.projectId, id);
    if (!found) throw new Problem('not_found');
    return json(200, found);
  }

  async function handleDeleteConsumer({
    tenant: { projectId },
    params: { id },
  }: TenantCall<{ params: typeof params }>) {
    if (!(await findConsumer(db, projectId, id))) throw new Problem('not_found');
    // Its keys go first, or it could make endpoints behind us; the consumer last, so that a caller whose request
    // failed half-way can repeat it.
    await deleteKeysOfConsumer(db, projectId, id);
    authentication.invalidate(projectId);
    // Again, for what a call made that was let in with such a key before.
    do {
      for (const endpointId of await endpointIdsOfConsumer(db, projectId, id))
        await mapOutage(deliveryCommands.deleteEndpoint(projectId, id, endpointId));
    } while (!(await mapOutage(deleteConsumer(pool, projectId, id))));
    authentication.invalidate(projectId);
    return noContent();
  }
}
