import express, { type Express } from 'express';
import { createTimeSlices } from '../limits/time-slices.ts';
import { withOutageMapping } from '../store/postgres/map-outages.ts';
import { auditRoutes } from './audit/audit-routes.ts';
import { createAuditTrail } from './audit/audit-trail.ts';
import { createAuthentication } from './auth/authentication.ts';
import { deliveryRoutes } from './deliveries/delivery-routes.ts';
import type { ApiDependencies } from './dependencies.ts';
import { documentRoutes } from './docs/document-routes.ts';
import { endpointRoutes } from './endpoints/endpoint-routes.ts';
import { endpointStateRoutes } from './endpoints/state-routes.ts';
import { webhookRoutes } from './endpoints/webhook-routes.ts';
import { erasureRoutes } from './erasures/erasure-routes.ts';
import { eventTypeRoutes } from './event-types/event-type-routes.ts';
import { eventRoutes } from './events/event-routes.ts';
import { healthRoutes } from './health.ts';
import { createCallHandler } from './http/handle-call.ts';
import { mountRoutes } from './http/mount.ts';
import { createSearchLimit } from './limits/search-limit.ts';
import { createStreamLimit } from './limits/stream-limit.ts';
import { listenerRoutes } from './listeners/listener-routes.ts';
import { operationalEndpointRoutes } from './operational-endpoints/operational-endpoint-routes.ts';
import { outcomeRoutes } from './outcomes/outcome-routes.ts';
import { pageRoutes } from './pages/page-routes.ts';
import { createPortalPages } from './pages/portal-pages.ts';
import { profileRoutes } from './profiles/profile-routes.ts';
import { consumerRoutes } from './projects/consumer-routes.ts';
import { keyRoutes } from './projects/key-routes.ts';
import { projectListRoute } from './projects/project-list.ts';
import { projectRoutes } from './projects/project-routes.ts';
import { cancellationRoutes } from './recoveries/cancellation-routes.ts';
import { deliverEventRoute } from './recoveries/deliver-event-route.ts';
import { dismissalRoutes } from './recoveries/dismissal-routes.ts';
import { failureRoutes } from './recoveries/failure-routes.ts';
import { recoveryRoutes } from './recoveries/recovery-routes.ts';
import { portalLinkRoutes } from './sessions/portal-link-routes.ts';
import { portalSessionRoutes } from './sessions/portal-session-routes.ts';
import { createSessionResponder } from './sessions/session-response.ts';
import { sessionRoutes } from './sessions/session-routes.ts';
import { signInCodeRoutes } from './sessions/sign-in-code-routes.ts';
import { statisticsRoutes } from './statistics/statistics-routes.ts';

/** Creates the HTTP API as an Express application, which `createHttpServer` serves. */
export function createApi(deps: ApiDependencies): Express {
  const db = withOutageMapping(deps.pool);
  const slicesOf = createTimeSlices();
  const { tenantReadPool } = deps;
  const searches = createSearchLimit();
  const streamLimit = createStreamLimit(deps.config.quotas);
  const authentication = createAuthentication(db, deps.profiles, deps.secretBox.macsOf, deps.config);
  const auditTrail = createAuditTrail(db, deps);
  const respondWithSession = createSessionResponder(tenantReadPool, deps);
  // Express tries routes in this order, so the most frequent ones come first.
  const routes = [
    ...eventRoutes(deps, db, tenantReadPool, searches, slicesOf),
    ...deliveryRoutes(deps, tenantReadPool, searches),
    deliverEventRoute(deps, tenantReadPool),
    ...failureRoutes(deps, tenantReadPool, searches),
    ...dismissalRoutes(deps, db),
    ...recoveryRoutes(deps, db, tenantReadPool, searches),
    ...cancellationRoutes(deps, db, tenantReadPool, searches),
    ...outcomeRoutes(deps, authentication, streamLimit),
    ...listenerRoutes(deps, authentication, tenantReadPool, streamLimit),
    ...endpointRoutes(deps, db, tenantReadPool, searches, slicesOf),
    ...endpointStateRoutes(deps),
    ...webhookRoutes(deps, tenantReadPool),
    ...consumerRoutes(deps, db, authentication, tenantReadPool, searches),
    ...keyRoutes(deps, db, authentication, tenantReadPool),
    ...eventTypeRoutes(deps, authentication, tenantReadPool),
    projectListRoute(tenantReadPool),
    ...projectRoutes(deps, db, authentication, tenantReadPool),
    ...profileRoutes(deps, db, authentication, tenantReadPool),
    ...operationalEndpointRoutes(deps, db, tenantReadPool),
    ...auditRoutes(tenantReadPool),
    ...sessionRoutes(deps, db, authentication, respondWithSession),
    ...signInCodeRoutes(deps.config, db, authentication),
    ...portalLinkRoutes(deps, db, authentication, tenantReadPool),
    ...portalSessionRoutes(deps, db, authentication, respondWithSession),
    ...erasureRoutes(deps, authentication, tenantReadPool),
    ...statisticsRoutes(deps, tenantReadPool),
    ...healthRoutes(deps.readiness),
  ];
  const { publicUrl } = deps.config;
  const documentation = documentRoutes(routes, {
    publicUrl,
    cookieName: authentication.cookie.name,
    script: deps.pages?.referenceScript ?? null,
  });
  const documented = [...routes, ...documentation];

  const pages = pageRoutes(deps.config, { pages: deps.pages, portalPageOf: createPortalPages(db) });

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('trust proxy', deps.config.trustedProxies ?? []);
  mountRoutes(
    app,
    [...documented, ...pages],
    createCallHandler(authentication, auditTrail, slicesOf, deps.config),
    deps,
  );
  return app;
}
