import { z } from 'zod';
import { DELIVERY_STATUSES } from '../../policy/outcome.ts';
import { listDeliveries } from '../../store/deliveries/delivery-lists.ts';
import { findDelivery, listAttempts } from '../../store/deliveries/delivery-reads.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { Scope } from '../../store/scope.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { encodeCursor, pageRequest } from '../http/cursor.ts';
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

export function deliveryRoutes({ deliveryCommands, links }: ApiDependencies, reads: TenantReadPool): Route[] {
  const readDelivery = async (scope: Scope, id: string): Promise<DeliveryResponse> => {
    const found = await findDelivery(reads(scope), scope, id);
    if (!found) throw new Problem('not_found');
    const [answer] = await deliveryResponses(links, [found]);
    return answer!;
  };

  /** What steers knows consumers by their id alone. */
  const requireOwn = async (scope: Scope, id: string): Promise<void> => {
    if (scope.since && !(await findDelivery(reads(scope), scope, id))) throw new Problem('not_found');
  };

  return [
    tenantRoute({
      method: 'get',
      path: '/v1/deliveries',
      operationId: 'listDeliveries',
      tag,
      summary: 'List deliveries, newest first',
      description:
        'A page may hold fewer than `limit` deliveries, or none, and still have a `nextCursor`, where a filter matches few of the many that were looked at. The list has ended where `nextCursor` is null.',
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
      summary: 'Read a delivery',
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
      summary: 'Attempt a delivery now',
      description:
        'Of an open delivery the next scheduled attempt is brought forward, and uses its step. Of a final one a new delivery is made.',
      access: 'consumer',
      params,
      responses: {
        201: { description: 'A new delivery that repeats the final one', schema: delivery },
        202: { description: 'Its next attempt is brought forward', schema: delivery },
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
        'A POST that is under way decides: with 2xx the delivery is delivered, else cancelled. None begins later than a second after this answer.',
      access: 'consumer',
      params,
      responses: { 202: { description: 'Cancelled, or about to be', schema: delivery } },
      problems: ['delivery_final'],
      handle: cancelDelivery,
    }),
  ];

  async function handleListDeliveries({ tenant, query }: TenantCall<{ query: typeof listDeliveriesQuery }>) {
    const page = await listDeliveries(reads(tenant), tenant, query, pageRequest('id', query));
    const items = await deliveryResponses(links, page.items);
    return json(200, { items, nextCursor: page.next && encodeCursor('id', page.next) });
  }

  async function getDelivery({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    return json(200, await readDelivery(tenant, id));
  }

  async function handleListAttempts({
    tenant,
    params: { id },
    query,
  }: TenantCall<{ params: typeof params; query: typeof listAttemptsQuery }>) {
    const db = reads(tenant);
    if (!(await findDelivery(db, tenant, id))) throw new Problem('not_found');
    const page = await listAttempts(db, id, pageRequest('number', query));
    const nextCursor = page.next && encodeCursor('number', page.next);
    return json(200, { items: page.items.map(attemptResponse), nextCursor });
  }

  async function retryDelivery({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    await requireOwn(tenant, id);
    const answer = await mapOutage(deliveryCommands.retry(tenant.projectId, tenant.consumer, id));
    if (answer.kind === 'not_found') throw new Problem('not_found');
    if (answer.kind === 'held') throw new Problem('delivery_held');
    if (answer.kind === 'endpoint_deleted') throw new Problem('endpoint_deleted');
    return answer.kind === 'replayed'
      ? json(201, await readDelivery(tenant, answer.deliveryId))
      : json(202, await readDelivery(tenant, id));
  }

  async function cancelDelivery({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    await requireOwn(tenant, id);
    const answer = await mapOutage(deliveryCommands.cancel(tenant.projectId, tenant.consumer, id));
    if (answer.kind === 'not_found') throw new Problem('not_found');
    if (answer.kind === 'already_final')
      throw new Problem('delivery_final', `The delivery is ${answer.status}.`);
    return json(202, await readDelivery(tenant, id));
  }
}
