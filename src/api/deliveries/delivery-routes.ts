import { z } from 'zod';
import { DELIVERY_STATUSES } from '../../policy/outcome.ts';
import { listDeliveries } from '../../store/deliveries/delivery-lists.ts';
import { findDelivery, listAttempts } from '../../store/deliveries/delivery-reads.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { Scope } from '../../store/scope.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { eventId, pageQuery, pageSchema, posthornId } from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { attemptResponse, deliveryResponses } from './delivery-responses.ts';
import { attempt, type DeliveryResponse, delivery } from './delivery-schemas.ts';

const params = z.object({ id: posthornId });
const tag = 'Deliveries';

const listDeliveriesQuery = z.strictObject({
  ...pageQuery,
  status: z.enum(DELIVERY_STATUSES).optional(),
  endpoint: posthornId.optional(),
  event: eventId.optional(),
});
const listAttemptsQuery = z.strictObject(pageQuery);

export function deliveryRoutes(
  { deliveryCommands, links }: ApiDependencies,
  readPool: TenantReadPool,
): Route[] {
  const readDelivery = async (scope: Scope, id: string): Promise<DeliveryResponse> => {
    const found = await findDelivery(readPool(scope), scope, id);
    if (!found) throw new Problem('not_found');
    const [result] = await deliveryResponses(links, [found]);
    return result!;
  };

  /** Commands identify a consumer by id only, so an earlier consumer of the same id must be excluded here. */
  const requireOwn = async (scope: Scope, id: string): Promise<void> => {
    if (scope.since && !(await findDelivery(readPool(scope), scope, id))) throw new Problem('not_found');
  };

  return [
    tenantRoute({
      method: 'get',
      path: '/v1/deliveries',
      operationId: 'listDeliveries',
      tag,
      summary: 'List deliveries, newest first',
      description:
        'A page may contain fewer than `limit` deliveries, or none, and still have a `nextCursor` when a filter matches few of the deliveries scanned. The list ends when `nextCursor` is null.',
      access: 'consumer',
      query: listDeliveriesQuery,
      responses: { 200: { description: 'A page of deliveries', schema: pageSchema(delivery) } },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: handleListDeliveries,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/deliveries/{id}',
      operationId: 'getDelivery',
      tag,
      summary: 'Get a delivery',
      access: 'consumer',
      params,
      responses: { 200: { description: 'The delivery', schema: delivery } },
      handle: getDelivery,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/deliveries/{id}/attempts',
      operationId: 'listAttempts',
      tag,
      summary: 'List the attempts of a delivery, newest first',
      access: 'consumer',
      params,
      query: listAttemptsQuery,
      responses: { 200: { description: 'A page of attempts', schema: pageSchema(attempt) } },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: handleListAttempts,
    }),
    tenantRoute({
      method: 'post',
      path: '/v1/deliveries/{id}/retry',
      operationId: 'retryDelivery',
      rateLimit: 'retries',
      tag,
      summary: 'Retry a delivery now',
      description:
        'For an open delivery, the next scheduled attempt is made now and uses up its step. For a final delivery, a new delivery is created.',
      access: 'consumer',
      params,
      responses: {
        201: { description: 'A new delivery that replays the final one', schema: delivery },
        202: { description: 'The next attempt is made now', schema: delivery },
      },
      problems: ['delivery_held', 'endpoint_deleted'],
      handle: retryDelivery,
    }),
    tenantRoute({
      method: 'post',
      path: '/v1/deliveries/{id}/cancel',
      operationId: 'cancelDelivery',
      rateLimit: 'retries',
      tag,
      summary: 'Cancel an open delivery',
      description:
        'If a POST is in flight, its result decides: a 2xx response makes the delivery `delivered`, any other result `cancelled`. No POST starts later than 1 second after this response.',
      access: 'consumer',
      params,
      responses: { 202: { description: 'Cancelled, or waiting for a POST in flight', schema: delivery } },
      problems: ['delivery_final'],
      handle: cancelDelivery,
    }),
  ];

  async function handleListDeliveries({ tenant, query }: TenantCall<{ query: typeof listDeliveriesQuery }>) {
    const page = await listDeliveries(readPool(tenant), tenant, query, pageRequest('id', query));
    const items = await deliveryResponses(links, page.items);
    return pageResponse('id', items, page.next);
  }

  async function getDelivery({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    return json(200, await readDelivery(tenant, id));
  }

  async function handleListAttempts({
    tenant,
    params: { id },
    query,
  }: TenantCall<{ params: typeof params; query: typeof listAttemptsQuery }>) {
    const db = readPool(tenant);
    if (!(await findDelivery(db, tenant, id))) throw new Problem('not_found');
    const page = await listAttempts(db, id, pageRequest('number', query));
    return pageResponse('number', page.items.map(attemptResponse), page.next);
  }

  async function retryDelivery({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    await requireOwn(tenant, id);
    const result = await mapOutage(deliveryCommands.retry(tenant.projectId, tenant.consumer, id));
    if (result.kind === 'not_found') throw new Problem('not_found');
    if (result.kind === 'held') throw new Problem('delivery_held');
    if (result.kind === 'endpoint_deleted') throw new Problem('endpoint_deleted');
    return result.kind === 'replayed'
      ? json(201, await readDelivery(tenant, result.deliveryId))
      : json(202, await readDelivery(tenant, id));
  }

  async function cancelDelivery({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    await requireOwn(tenant, id);
    const result = await mapOutage(deliveryCommands.cancel(tenant.projectId, tenant.consumer, id));
    if (result.kind === 'not_found') throw new Problem('not_found');
    if (result.kind === 'already_final')
      throw new Problem('delivery_final', `The delivery is ${result.status}.`);
    return json(202, await readDelivery(tenant, id));
  }
}
