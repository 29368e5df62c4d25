import { z } from 'zod';
import { findDelivery, listAttempts } from '../../store/deliveries/delivery-reads.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { Scope } from '../../store/scope.ts';
import { may } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { pageQuery, pageSchema, posthornId } from '../http/validation/fields.ts';
import type { SearchLimit } from '../limits/search-limit.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { attemptResponse, deliveryDetailsResponse } from './delivery-responses.ts';
import { attempt, type DeliveryDetailsResponse, deliveryDetails } from './delivery-schemas.ts';
import { listDeliveriesRoute } from './list-deliveries.ts';

const params = z.object({ id: posthornId });
const tag = 'Deliveries';

const listAttemptsQuery = z.strictObject(pageQuery);

export function deliveryRoutes(
  { deliveryCommands, links, clock }: ApiDependencies,
  readPool: TenantReadPool,
  searches: SearchLimit,
): Route[] {
  const readDelivery = async (scope: Scope, id: string): Promise<DeliveryDetailsResponse> => {
    const found = await findDelivery(readPool(scope), scope, id);
    if (!found) throw new Problem('not_found');
    return deliveryDetailsResponse(links, found);
  };

  /** Commands identify a consumer by id only, so an earlier consumer of the same id must be excluded here. */
  const requireOwn = async (scope: Scope, id: string): Promise<void> => {
    if (scope.since && !(await findDelivery(readPool(scope), scope, id))) throw new Problem('not_found');
  };

  return [
    listDeliveriesRoute({ links, clock }, readPool, searches),
    tenantRoute({
      method: 'get',
      path: '/v1/deliveries/{id}',
      operationId: 'getDelivery',
      tag,
      summary: 'Get a delivery',
      access: 'consumer',
      params,
      responses: { 200: { description: 'The delivery', schema: deliveryDetails } },
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
        'For an open delivery, the next scheduled attempt is made now and uses up its step. For a final delivery, a new delivery is created; while its endpoint is paused or disabled, or the plan of its consumer does not include webhooks, it is held.',
      access: 'consumer',
      needs: 'retry',
      params,
      responses: {
        201: { description: 'A new delivery that replays the final one', schema: deliveryDetails },
        202: { description: 'The next attempt is made now', schema: deliveryDetails },
      },
      problems: ['delivery_held', 'endpoint_deleted', 'event_expired', 'payload_removed'],
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
      needs: 'retry',
      params,
      responses: {
        202: { description: 'Cancelled, or waiting for a POST in flight', schema: deliveryDetails },
      },
      problems: ['delivery_final'],
      handle: cancelDelivery,
    }),
  ];

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
    return pageResponse(
      'number',
      page.items.map((item) => attemptResponse(item, may(tenant, 'payloads'))),
      page.next,
    );
  }

  async function retryDelivery({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    await requireOwn(tenant, id);
    const result = await mapOutage(deliveryCommands.retry(tenant.projectId, tenant.consumer, id));
    if (result.kind === 'not_found') throw new Problem('not_found');
    if (result.kind === 'held') throw new Problem('delivery_held');
    if (result.kind === 'expired') throw new Problem('event_expired');
    if (result.kind === 'endpoint_deleted') throw new Problem('endpoint_deleted');
    if (result.kind === 'payload_removed') throw new Problem('payload_removed');
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
