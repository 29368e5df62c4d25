import { z } from 'zod';
import { DELIVERY_STATUSES } from '../../policy/outcome.ts';
import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import { listDeliveries } from '../../store/deliveries/delivery-lists.ts';
import { findEndpoint } from '../../store/endpoints/endpoints.ts';
import { deliveryResponses } from '../deliveries/delivery-responses.ts';
import { delivery } from '../deliveries/delivery-schemas.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import { type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { listOf, pageQuery, pageSchema, posthornId } from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { operationalTenant } from './operational-tenant.ts';

const params = z.object({ id: posthornId });
const listQuery = z.strictObject({ ...pageQuery, status: listOf(DELIVERY_STATUSES).optional() });

/** Shows an owner why it was not told: the deliveries to an operational endpoint are in no other list. */
export function operationalDeliveriesRoute(
  { links }: Pick<ApiDependencies, 'links'>,
  profile: CompiledProfile,
  readPool: TenantReadPool,
): Route {
  return tenantRoute({
    method: 'get',
    path: '/v1/operational-endpoints/{id}/deliveries',
    operationId: 'listOperationalDeliveries',
    tag: 'Operational endpoints',
    summary: 'List the deliveries to an operational endpoint, newest first',
    description:
      'With the outcome and the status code of their last attempts. They are in no other list. A page may contain fewer than `limit` deliveries, or none, and still have a `nextCursor`, when `status` matches few of those scanned.',
    access: 'project',
    params,
    query: listQuery,
    responses: { 200: { description: 'A page of deliveries', schema: pageSchema(delivery) } },
    problems: ['invalid_cursor', ...READ_PROBLEMS],
    handle: listOperationalDeliveries,
  });

  async function listOperationalDeliveries({
    tenant,
    params: { id },
    query: { limit, cursor, status },
  }: TenantCall<{ params: typeof params; query: typeof listQuery }>) {
    const db = readPool(tenant);
    const hidden = operationalTenant(tenant, profile);
    if (!(await findEndpoint(db, hidden, id))) throw new Problem('not_found');
    const filter = { endpoint: id, statuses: status };
    const page = await listDeliveries(db, hidden, filter, pageRequest('id', { limit, cursor }));
    return pageResponse('id', await deliveryResponses(links, page.items), page.next);
  }
}
