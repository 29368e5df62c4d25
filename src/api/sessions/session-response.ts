import { CAPABILITIES } from '../../policy/capabilities.ts';
import { findConsumer } from '../../store/projects/consumers.ts';
import { findProject } from '../../store/projects/projects.ts';
import type { PortalSettings } from '../../store/sessions/portal-settings.ts';
import type { LinkTheme } from '../../store/sessions/sessions.ts';
import type { AuthenticatedCaller } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import type { SessionResponse } from './session-schemas.ts';

export type SessionResponder = (caller: AuthenticatedCaller) => Promise<SessionResponse>;

/** Returns a function that describes a caller: who it is, what it may do, and how long. */
export function createSessionResponder(
  readPool: TenantReadPool,
  { config: { version, temporalUiUrl, sampleReceiver }, pages }: Pick<ApiDependencies, 'config' | 'pages'>,
): SessionResponder {
  const build = pages ? `${version}-${pages.build}` : version;
  return async ({ kind, tenant, access, session }) => {
    const { project, consumer, portal } = await namesOf(tenant, readPool);
    const isConsumer = kind === 'consumer';
    return {
      kind,
      project,
      consumer,
      access,
      capabilities: session?.capabilities ?? [...CAPABILITIES],
      expiresAt: session?.expiresAt ?? null,
      build,
      temporalUiUrl: isConsumer ? null : temporalUiUrl,
      sampleReceiverUrl: isConsumer ? null : (sampleReceiver?.url ?? null),
      theme: isConsumer ? themeOf(portal, session?.theme ?? null) : null,
      returnUrl: isConsumer ? (session?.returnUrl ?? portal.returnUrl ?? null) : null,
      refreshUrl: isConsumer ? (session?.refreshUrl ?? portal.refreshUrl ?? null) : null,
      origins: isConsumer ? (portal.origins ?? []) : [],
    };
  };
}

/** The link overrides the project. */
const themeOf = (
  { name, logoUrl, accent, mode, radius, hideBranding }: PortalSettings,
  link: LinkTheme | null,
): SessionResponse['theme'] => ({
  name: name ?? null,
  logoUrl: link?.logoUrl ?? logoUrl ?? null,
  accent: link?.accent ?? accent ?? null,
  mode: link?.mode ?? mode ?? 'auto',
  radius: link?.radius ?? radius ?? null,
  hideBranding: hideBranding ?? false,
});

async function namesOf(
  tenant: AuthenticatedCaller['tenant'],
  readPool: TenantReadPool,
): Promise<Pick<SessionResponse, 'project' | 'consumer'> & { portal: PortalSettings }> {
  if (!tenant) return { project: null, consumer: null, portal: {} };
  const { projectId } = tenant;
  const found = await findProject(readPool(tenant), projectId);
  if (!found) throw new Problem('not_found');
  const { id, name, profile } = found;
  const project = { id, name, profile };
  const portal = found.portal ?? {};
  if (tenant.consumer === null) return { project, consumer: null, portal };
  const consumer = await findConsumer(readPool(tenant), projectId, tenant.consumer);
  return { project, consumer: { id: tenant.consumer, name: consumer?.name ?? null }, portal };
}
