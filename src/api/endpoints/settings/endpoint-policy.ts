import type { Tenant } from '../../auth/tenant.ts';
import { Problem } from '../../problems/problem.ts';

/** Throws forbidden if a consumer sets a retry policy: how long the project keeps trying is the project's decision. */
export function requireProjectForPolicy({ consumer }: Tenant, input: { policy?: unknown }): void {
  if (consumer !== null && input.policy !== undefined)
    throw new Problem('forbidden', 'Only a project key can set the retry policy of an endpoint.');
}
