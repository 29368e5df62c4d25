import { z } from 'zod';
import { CAPABILITIES } from '../../policy/capabilities.ts';
import { parseDuration } from '../../policy/duration.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { newId } from '../../store/postgres/ids.ts';
import { findConsumer } from '../../store/projects/consumers.ts';
import { findProject } from '../../store/projects/projects.ts';
import { listConsumerSessions } from '../../store/sessions/consumer-sessions.ts';
import {
  deletePortalLink,
  endSessionsOfConsumer,
  insertPortalLink,
  portalIdleSeconds,
} from '../../store/sessions/portal-links.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import { json, noContent, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { consumerId, pageQuery, pageSchema, posthornId } from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { invalidBody, Problem } from '../problems/problem.ts';
import { consumerSession, newPortalLink, portalLink } from './portal-link-schemas.ts';

const linkParams = z.object({ id: posthornId });
const consumerParams = z.object({ id: consumerId });
const listSessionsQuery = z.strictObject(pageQuery);

export function portalLinkRoutes(
  { clock, config }: Pick<ApiDependencies, 'clock' | 'config'>,
  db: Queryable,
  authentication: Authentication,
  readPool: TenantReadPool,
): Route[] {
  return [
    tenantRoute({
      method: 'post',
      path: '/v1/portal-links',
      operationId: 'createPortalLink',
      rateLimit: 'portalLinks',
      tag: 'Portal links',
      summary: 'Create a link that opens the portal once, as one consumer',
      description:
        'Create it when the customer asks for it, and redirect to it, or show it in a frame. Whoever has the link has the rights of the consumer, as far as `capabilities` gives them.',
      access: 'project',
      body: newPortalLink,
      madeFor: ({ consumer }) => consumer,
      responses: { 201: { description: 'The link, returned only once', schema: portalLink } },
      handle: createPortalLink,
    }),
    tenantRoute({
      method: 'delete',
      path: '/v1/portal-links/{id}',
      operationId: 'deletePortalLink',
      rateLimit: 'portalLinks',
      tag: 'Portal links',
      summary: 'Revoke a link, and end the sessions that began with it',
      access: 'project',
      params: linkParams,
      responses: { 204: { description: 'Revoked; its sessions end within 1 second' } },
      handle: revokePortalLink,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/consumers/{id}/sessions',
      operationId: 'listConsumerSessions',
      tag: 'Consumers',
      summary: 'List the sessions of a consumer in the portal, newest first',
      access: 'project',
      params: consumerParams,
      query: listSessionsQuery,
      responses: {
        200: { description: 'A page of sessions that are in force', schema: pageSchema(consumerSession) },
      },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: handleListConsumerSessions,
    }),
    tenantRoute({
      method: 'delete',
      path: '/v1/consumers/{id}/sessions',
      operationId: 'deleteConsumerSessions',
      rateLimit: 'portalLinks',
      tag: 'Consumers',
      summary: 'End all sessions of a consumer in the portal',
      access: 'project',
      params: consumerParams,
      responses: { 204: { description: 'They end within 1 second' } },
      handle: endConsumerSessions,
    }),
  ];

  async function createPortalLink({ tenant, body }: TenantCall<{ body: typeof newPortalLink }>) {
    const { projectId } = tenant;
    const { consumer, theme = null, returnUrl = null, refreshUrl = null } = body;
    if (theme?.logoUrl !== undefined) await requireLogoOrigin(projectId, theme.logoUrl);
    const wanted = body.capabilities ?? [...CAPABILITIES];
    const capabilities = CAPABILITIES.filter((name) => name === 'view' || wanted.includes(name));
    const id = newId('plk', clock.now());
    const { key: code, hash } = authentication.newKey('plc');
    const expiresInSeconds = parseDuration(body.expiresIn ?? '10m')!;
    const sessionSeconds = parseDuration(body.sessionFor ?? '8h')!;
    const link = { id, hash, projectId, consumer, capabilities, theme, returnUrl, refreshUrl };
    const expiresAt = await insertPortalLink(db, { ...link, expiresInSeconds, sessionSeconds });
    const path = (body.path ?? '').replace(/^\//, '');
    const url = `${config.publicUrl}/portal/${projectId}/${path}#code=${code}`;
    const sessionIdleSeconds = portalIdleSeconds(sessionSeconds);
    return json(201, { id, url, expiresAt, sessionSeconds, sessionIdleSeconds });
  }

  /** The policy of the page names the origin of the project's logo, because the page does not know the link. */
  async function requireLogoOrigin(projectId: string, logoUrl: string): Promise<void> {
    const ofProject = (await findProject(db, projectId))?.portal?.logoUrl;
    if (ofProject !== undefined && new URL(ofProject).origin === new URL(logoUrl).origin) return;
    const detail =
      'must have the origin of portal.logoUrl of the project: browsers load images from there only';
    throw invalidBody([{ pointer: '/theme/logoUrl', detail }]);
  }

  async function revokePortalLink({ tenant, params: { id } }: TenantCall<{ params: typeof linkParams }>) {
    if (!(await deletePortalLink(db, tenant.projectId, id))) throw new Problem('not_found');
    authentication.invalidate(tenant.projectId);
    return noContent();
  }

  async function handleListConsumerSessions({
    tenant,
    params: { id },
    query,
  }: TenantCall<{ params: typeof consumerParams; query: typeof listSessionsQuery }>) {
    const db = readPool(tenant);
    if (!(await findConsumer(db, tenant.projectId, id))) throw new Problem('not_found');
    const page = await listConsumerSessions(db, tenant.projectId, id, pageRequest('id', query));
    return pageResponse('id', page.items, page.next);
  }

  async function endConsumerSessions({
    tenant,
    params: { id },
  }: TenantCall<{ params: typeof consumerParams }>) {
    if (!(await findConsumer(db, tenant.projectId, id))) throw new Problem('not_found');
    await endSessionsOfConsumer(db, tenant.projectId, id);
    authentication.invalidate(tenant.projectId);
    return noContent();
  }
}
