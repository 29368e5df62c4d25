import { orUnavailable } from '../store/outages.ts';
import type { Tenant } from './authentication.ts';
import type { Steering } from './ports.ts';
import { Problem } from './problem.ts';
import { type Answer, noContent } from './route.ts';

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
