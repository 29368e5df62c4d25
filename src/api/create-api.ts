import express, { type Express } from 'express';
import { createTimeSlices } from '../sharing/time-slices.ts';
import { namingOutages } from '../store/outages.ts';
import { createAuthentication } from './authentication.ts';
import { consumerRoutes } from './consumers.ts';
import { deliveryRoutes } from './deliveries.ts';
import type { ApiDependencies } from './dependencies.ts';
import { documentRoutes } from './document-routes.ts';
import { endpointStateRoutes } from './endpoint-states.ts';
import { endpointRoutes } from './endpoints.ts';
import { eventTypeRoutes } from './event-types.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { keyRoutes } from './keys.ts';
import { mountRoutes } from './mount.ts';
import { outcomeRoutes } from './outcomes.ts';
import { profileRoutes } from './profiles.ts';
import { projectRoutes } from './projects.ts';
import { webhookRoutes } from './webhooks.ts';

/** The HTTP API as an Express application; `createHttpServer` gives it a listener. */
export function createApi(deps: ApiDependencies): Express {
  const db = namingOutages(deps.pool);
  const slicesOf = createTimeSlices();
  const { reads } = deps;
  const authentication = createAuthentication(db, deps.profiles, deps.secretBox.stampsOf, deps.config);
  // Express looks through them in this order: what is called most comes first.
  const routes = [
    ...eventRoutes(deps, db, reads, slicesOf),
    ...deliveryRoutes(deps, reads),
    ...outcomeRoutes(deps, authentication),
    ...endpointRoutes(deps, db, reads),
    ...endpointStateRoutes(deps),
    ...webhookRoutes(deps, reads),
    ...consumerRoutes(deps, db, authentication, reads),
    ...keyRoutes(deps, db, authentication, reads),
    ...eventTypeRoutes(deps, authentication, reads),
    ...projectRoutes(deps, db, authentication, reads),
    ...profileRoutes(deps, db, authentication, reads),
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
  mountRoutes(app, documented, authentication, slicesOf, deps);
  return app;
}
