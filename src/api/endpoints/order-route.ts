import { z } from 'zod';
import { findEndpoint } from '../../store/endpoints/endpoints.ts';
import { MAX_BEHIND, readOrder } from '../../store/receivers/order/read-order.ts';
import { deliveryResponses } from '../deliveries/delivery-responses.ts';
import { delivery } from '../deliveries/delivery-schemas.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { posthornId } from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';

const params = z.object({ id: posthornId });

const endpointOrder = z
  .object({
    ordered: z.boolean(),
    head: delivery.nullable().meta({
      description:
        'The delivery whose turn it is: the others wait until it has settled. null if none is open',
    }),
    behind: z
      .int()
      .min(0)
      .max(MAX_BEHIND)
      .meta({ description: 'Open deliveries behind it; not counted further than 1,000' }),
  })
  .meta({ id: 'EndpointOrder' });

/** Shows what holds back an ordered endpoint. */
export function endpointOrderRoute(
  { links }: Pick<ApiDependencies, 'links'>,
  readPool: TenantReadPool,
): Route {
  return tenantRoute({
    method: 'get',
    path: '/v1/endpoints/{id}/order',
    operationId: 'getEndpointOrder',
    tag: 'Endpoints',
    summary: 'Get the queue of an ordered endpoint',
    access: 'consumer',
    params,
    responses: {
      200: { description: 'The head of the queue, and what is behind it', schema: endpointOrder },
    },
    problems: READ_PROBLEMS,
    handle: getEndpointOrder,
  });

  async function getEndpointOrder({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    const db = readPool(tenant);
    const endpoint = await findEndpoint(db, tenant, id);
    if (!endpoint) throw new Problem('not_found');
    const { head, behind } = await readOrder(db, id);
    const [response = null] = await deliveryResponses(links, head ? [head] : []);
    return json(200, { ordered: endpoint.ordered, head: response, behind });
  }
}
