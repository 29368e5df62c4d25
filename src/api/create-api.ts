import express, { type Express } from 'express';
import { createTimeSlices } from '../limits/time-slices.ts';
import { withOutageMapping } from '../store/postgres/map-outages.ts';
import { createAuthentication } from './auth/authentication.ts';
import { deliveryRoutes } from './deliveries/delivery-routes.ts';
import type { ApiDependencies } from './dependencies.ts';
import { documentRoutes } from './docs/document-routes.ts';
import { endpointRoutes } from './endpoints/endpoint-routes.ts';
import { endpointStateRoutes } from './endpoints/state-routes.ts';
import { webhookRoutes } from './endpoints/webhook-routes.ts';
import { eventTypeRoutes } from './event-types/event-type-routes.ts';
import { eventRoutes } from './events/event-routes.ts';
import { healthRoutes } from './health.ts';
import { createCallHandler } from './http/handle-call.ts';
import { mountRoutes } from './http/mount.ts';
import { outcomeRoutes } from './outcomes/outcome-routes.ts';
import { profileRoutes } from './profiles/profile-routes.ts';
import { consumerRoutes } from './projects/consumer-routes.ts';
import { keyRoutes } from './projects/key-routes.ts';
import { projectRoutes } from './projects/project-routes.ts';

/** Creates the HTTP API as an Express application, which `createHttpServer` serves. */
export function createApi(deps: ApiDependencies): Express {
  const db = withOutageMapping(deps.pool);
  const slicesOf = createTimeSlices();
  const { tenantReadPool } = deps;
  const authentication = createAuthentication(db, deps.profiles, deps.secretBox.macsOf, deps.config);
  // Express tries routes in this order, so the most frequent ones come first.
  const routes = [
    ...eventRoutes(deps, db, tenantReadPool, slicesOf),
    ...deliveryRoutes(deps, tenantReadPool),
    ...outcomeRoutes(deps, authentication),
    ...endpointRoutes(deps, db, tenantReadPool),
    ...endpointStateRoutes(deps),
    ...webhookRoutes(deps, tenantReadPool),
    ...consumerRoutes(deps, db, authentication, tenantReadPool),
    ...keyRoutes(deps, db, authentication, tenantReadPool),
    ...eventTypeRoutes(deps, authentication, tenantReadPool),
    ...projectRoutes(deps, db, authentication, tenantReadPool),
    ...profileRoutes(deps, db, authentication, tenantReadPool),
    ...healthRoutes(deps.readiness),
  ];
  const documented = [...routes, ...documentRoutes(routes, deps.config.publicUrl)];

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('trust proxy', deps.config.trustedProxies ?? []);
  mountRoutes(app, documented, createCallHandler(authentication, slicesOf, deps.config), deps);
  return app;
}
