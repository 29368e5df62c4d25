import { orUnavailable } from '../../store/postgres/outages.ts';
import type { Tenant } from '../auth/authentication.ts';
import { type Answer, noContent } from '../http/route.ts';
import type { Steering } from '../ports.ts';
import { Problem } from '../problems/problem.ts';

/** Deletes an endpoint and cancels what is open for it, whichever route asked; throws not_found. */
export async function deleteEndpoint(
  steering: Steering,
  { projectId, consumer }: Tenant,
  id: string,
): Promise<Answer> {
  const deleted = await orUnavailable(steering.deleteEndpoint(projectId, consumer, id));
  if (!deleted) throw new Problem('not_found');
  return noContent();
}
