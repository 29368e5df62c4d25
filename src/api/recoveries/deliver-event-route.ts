import { z } from 'zod';
import { findDelivery } from '../../store/deliveries/delivery-reads.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import { deliveryDetailsResponse } from '../deliveries/delivery-responses.ts';
import { deliveryDetails } from '../deliveries/delivery-schemas.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { eventId, posthornId } from '../http/validation/fields.ts';
import type { TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';

const params = z.object({ id: eventId });
const newDelivery = z.strictObject({ endpoint: posthornId }).meta({ id: 'NewDelivery' });

/** `POST /v1/events/{id}/deliveries`. */
export function deliverEventRoute(
  { deliveryCommands, links }: ApiDependencies,
  readPool: TenantReadPool,
): Route {
  return tenantRoute({
    method: 'post',
    path: '/v1/events/{id}/deliveries',
    operationId: 'createDelivery',
    rateLimit: 'retries',
    tag: 'Events',
    summary: 'Send an event to one more endpoint',
    description:
      'Whatever types the endpoint subscribed to. The endpoint must be of the same consumer as the event. If the event was sent to it before, the new delivery replays the last one.',
    access: 'consumer',
    needs: 'retry',
    params,
    body: newDelivery,
    responses: { 201: { description: 'The new delivery', schema: deliveryDetails } },
    problems: ['delivery_open', 'event_expired', 'payload_removed'],
    handle: createDelivery,
  });

  async function createDelivery({
    tenant,
    params: { id },
    body,
  }: TenantCall<{ params: typeof params; body: typeof newDelivery }>) {
    const result = await mapOutage(deliveryCommands.deliverTo(tenant, id, body.endpoint, tenant.policy));
    if (result.kind === 'open')
      throw new Problem('delivery_open', `The delivery ${result.deliveryId} is open.`);
    if (result.kind === 'expired') throw new Problem('event_expired');
    if (result.kind === 'payload_removed') throw new Problem('payload_removed');
    if (result.kind === 'other_consumer')
      throw new Problem('not_found', 'The consumer of the event has no such endpoint.');
    const found =
      result.kind === 'created' ? await findDelivery(readPool(tenant), tenant, result.deliveryId) : undefined;
    if (!found) throw new Problem('not_found');
    return json(201, await deliveryDetailsResponse(links, found));
  }
}
