import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Navigate,
} from '@tanstack/react-router';
import { ScreenError } from '../frame/screen-error.tsx';
import { parseSearch, searchOf, stringifySearch, text } from '../frame/search.ts';
import { portalPath } from './address.ts';
import { Endpoints } from './endpoints/endpoints.tsx';
import { Frame } from './frame/frame.tsx';
import { NotFound } from './frame/not-found.tsx';

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound });

const first = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: () => <Navigate to="/endpoints" replace />,
});

const endpoints = createRoute({ getParentRoute: () => root, path: 'endpoints', component: Endpoints });

const newEndpoint = createRoute({
  getParentRoute: () => root,
  path: 'endpoints/new',
  validateSearch: searchOf({ type: text }),
  component: lazyRouteComponent(() => import('./new-endpoint/new-endpoint.tsx'), 'NewEndpoint'),
});

const endpoint = createRoute({
  getParentRoute: () => root,
  path: 'endpoints/$endpoint',
  component: lazyRouteComponent(() => import('./endpoint/endpoint.tsx'), 'EndpointScreen'),
});

const deliveries = createRoute({
  getParentRoute: () => root,
  path: 'deliveries',
  validateSearch: searchOf({
    endpoint: text,
    status: text,
    type: text,
    contains: text,
    range: text,
    live: text,
  }),
  component: lazyRouteComponent(() => import('./deliveries/deliveries.tsx'), 'Deliveries'),
});

const delivery = createRoute({
  getParentRoute: () => root,
  path: 'deliveries/$delivery',
  validateSearch: searchOf({ attempt: text, with: text }),
  component: lazyRouteComponent(() => import('./delivery/delivery.tsx'), 'DeliveryScreen'),
});

const eventTypes = createRoute({
  getParentRoute: () => root,
  path: 'event-types',
  validateSearch: searchOf({ q: text }),
  component: lazyRouteComponent(() => import('./event-types/event-types.tsx'), 'EventTypes'),
});

const eventType = createRoute({
  getParentRoute: () => root,
  path: 'event-types/$type',
  component: lazyRouteComponent(() => import('./event-types/event-type.tsx'), 'EventTypeScreen'),
});

const verify = createRoute({
  getParentRoute: () => root,
  path: 'verify',
  validateSearch: searchOf({ delivery: text, attempt: text }),
  component: lazyRouteComponent(() => import('./verify/verify.tsx'), 'Verify'),
});

const usage = createRoute({
  getParentRoute: () => root,
  path: 'usage',
  component: lazyRouteComponent(() => import('./usage/usage.tsx'), 'Usage'),
});

const routeTree = root.addChildren([
  first,
  endpoints,
  newEndpoint,
  endpoint,
  deliveries,
  delivery,
  eventTypes,
  eventType,
  verify,
  usage,
]);

export function createPortalRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    basepath: portalPath,
    parseSearch,
    stringifySearch,
    defaultErrorComponent: ScreenError,
    defaultNotFoundComponent: NotFound,
    context: { queryClient },
    scrollRestoration: true,
    // Kept in the storage of the tab beyond the session: never an address, which may have the text of a search.
    getScrollRestorationKey: ({ state }) => state.__TSR_key ?? 'first',
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createPortalRouter>;
  }
}
