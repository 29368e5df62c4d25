import type { Request } from 'express';
import type { AuthenticatedCaller, Authentication } from '../auth/authentication.ts';
import { may, type Tenant } from '../auth/tenant.ts';
import { Problem } from '../problems/problem.ts';
import { admitTenant } from './connection-budget.ts';
import type { Access, Route } from './route.ts';

/**
 * The caller of a route that it may call; null for a route that is open to all. Throws `forbidden`, `read_only` and
 * `capability_missing`.
 */
export async function authorize(
  route: Route,
  request: Request,
  authentication: Authentication,
): Promise<AuthenticatedCaller | null> {
  if (route.access === 'open') return null;
  const caller = await authentication.authenticate(request);
  const { kind, tenant, access } = caller;
  admitTenant(request, tenant?.projectId ?? '', tenant?.consumer ?? null);
  if (access === 'read' && isClosedToReaders(route)) throw new Problem('read_only');
  if (!ALLOWED_CALLERS[route.access].includes(kind)) throw new Problem('forbidden');
  if (tenant?.capabilities) requireCapability(route, tenant);
  return caller;
}

const isClosedToReaders = ({ method, takesOver, readOnlyMay }: Route): boolean =>
  method === 'get' ? takesOver === true : !readOnlyMay;

function requireCapability({ method, needs }: Route, tenant: Tenant): void {
  if (needs === undefined && method !== 'get') throw new Problem('forbidden');
  if (needs !== undefined && !may(tenant, needs))
    throw new Problem('capability_missing', `It takes ${needs}.`);
}

const ALLOWED_CALLERS: Record<Exclude<Access, 'open'>, AuthenticatedCaller['kind'][]> = {
  admin: ['admin'],
  shared: ['admin', 'project'],
  project: ['admin', 'project'],
  consumer: ['admin', 'project', 'consumer'],
  any: ['admin', 'project', 'consumer'],
};
