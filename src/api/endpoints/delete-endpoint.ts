import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { Tenant } from '../auth/tenant.ts';
import { noContent, type RouteResponse } from '../http/route.ts';
import type { DeliveryCommands } from '../ports.ts';
import { Problem } from '../problems/problem.ts';

/** Deletes an endpoint and cancels its open deliveries. Throws not_found. */
export async function deleteEndpoint(
  deliveryCommands: DeliveryCommands,
  { projectId, consumer }: Tenant,
  id: string,
): Promise<RouteResponse> {
  const deleted = await mapOutage(deliveryCommands.deleteEndpoint(projectId, consumer, id));
  if (!deleted) throw new Problem('not_found');
  return noContent();
}
