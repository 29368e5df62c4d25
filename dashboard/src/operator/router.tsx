import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router';
import { basePath } from '../api/client.ts';
import { ScreenError } from '../frame/screen-error.tsx';
import { parseSearch, searchOf, stringifySearch, text } from '../frame/search.ts';
import { eventSearch } from './events/event-search.ts';
import { Frame } from './frame/frame.tsx';
import { NotFound, NotFoundAlone } from './frame/not-found.tsx';
import { carryRange } from './frame/range/carried-range.ts';
import { Projects } from './projects/projects.tsx';
import { SignIn } from './sign-in/sign-in.tsx';

const range = { range: text, since: text, until: text };

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFoundAlone });

const signIn = createRoute({
  getParentRoute: () => root,
  path: 'sign-in',
  validateSearch: searchOf({ to: text }),
  component: SignIn,
});

const frame = createRoute({ getParentRoute: () => root, id: 'frame', component: Frame });
const projects = createRoute({ getParentRoute: () => frame, path: '/', component: Projects });

const project = createRoute({
  getParentRoute: () => frame,
  path: 'p/$project',
  validateSearch: searchOf(range),
});

/** Screens that a time range limits. Only their addresses have it. */
const WITH_RANGE = {
  search: { middlewares: [carryRange] },
  staticData: { timeRange: 'carried' as const },
};

const overview = createRoute({
  getParentRoute: () => project,
  path: '/',
  ...WITH_RANGE,
  component: lazyRouteComponent(() => import('./overview/overview.tsx'), 'Overview'),
});

const events = createRoute({
  getParentRoute: () => project,
  path: 'events',
  ...WITH_RANGE,
  validateSearch: eventSearch,
  component: lazyRouteComponent(() => import('./events/events.tsx'), 'Events'),
});

const event = createRoute({
  getParentRoute: () => project,
  path: 'events/$event',
  validateSearch: searchOf({ delivery: text, attempt: text, view: text, with: text }),
  component: lazyRouteComponent(() => import('./event/event.tsx'), 'EventScreen'),
});

const deliveries = createRoute({
  getParentRoute: () => project,
  path: 'deliveries',
  ...WITH_RANGE,
  validateSearch: searchOf({
    status: text,
    attention: text,
    event: text,
    endpoint: text,
    consumer: text,
    outcome: text,
    statusCode: text,
    errorCode: text,
  }),
  component: lazyRouteComponent(() => import('./deliveries/deliveries.tsx'), 'Deliveries'),
});

const delivery = createRoute({
  getParentRoute: () => project,
  path: 'deliveries/$delivery',
  component: lazyRouteComponent(() => import('./deliveries/delivery.tsx'), 'DeliveryRedirect'),
});

const endpoints = createRoute({
  getParentRoute: () => project,
  path: 'endpoints',
  validateSearch: searchOf({ status: text, consumer: text, q: text, sort: text }),
  component: lazyRouteComponent(() => import('./endpoints/endpoints.tsx'), 'Endpoints'),
});

const endpoint = createRoute({
  getParentRoute: () => project,
  path: 'endpoints/$endpoint',
  ...WITH_RANGE,
  component: lazyRouteComponent(() => import('./endpoint/endpoint.tsx'), 'EndpointScreen'),
});

/** `overview`, `deliveries` or `settings`. */
const endpointTab = createRoute({
  getParentRoute: () => project,
  path: 'endpoints/$endpoint/$tab',
  ...WITH_RANGE,
  validateSearch: searchOf({ status: text }),
  component: lazyRouteComponent(() => import('./endpoint/endpoint.tsx'), 'EndpointScreen'),
});

const attention = createRoute({
  getParentRoute: () => project,
  path: 'attention',
  // It is shown whole, unless someone limits it there.
  staticData: { timeRange: 'own' },
  validateSearch: searchOf({ state: text, endpoint: text, consumer: text }),
  component: lazyRouteComponent(() => import('./attention/attention.tsx'), 'Attention'),
});

const recoveries = createRoute({
  getParentRoute: () => project,
  path: 'recoveries',
  component: lazyRouteComponent(() => import('./recoveries/recoveries.tsx'), 'Recoveries'),
});

const recovery = createRoute({
  getParentRoute: () => project,
  path: 'recoveries/$recovery',
  component: lazyRouteComponent(() => import('./recoveries/recovery.tsx'), 'RecoveryScreen'),
});

const consumers = createRoute({
  getParentRoute: () => project,
  path: 'consumers',
  validateSearch: searchOf({ q: text }),
  component: lazyRouteComponent(() => import('./consumers/consumers.tsx'), 'Consumers'),
});

const consumer = createRoute({
  getParentRoute: () => project,
  path: 'consumers/$consumer',
  ...WITH_RANGE,
  component: lazyRouteComponent(() => import('./consumers/consumer.tsx'), 'ConsumerScreen'),
});

const profile = createRoute({
  getParentRoute: () => project,
  path: 'profile',
  validateSearch: searchOf({ name: text, version: text }),
  component: lazyRouteComponent(() => import('./profile/profile.tsx'), 'ProfileScreen'),
});

const stream = createRoute({
  getParentRoute: () => project,
  path: 'stream',
  validateSearch: searchOf({ kind: text, endpoint: text, consumer: text }),
  component: lazyRouteComponent(() => import('./stream/stream.tsx'), 'Stream'),
});

const settings = createRoute({
  getParentRoute: () => project,
  path: 'settings',
  component: lazyRouteComponent(() => import('./settings/settings.tsx'), 'Settings'),
});

const eventTypes = createRoute({
  getParentRoute: () => project,
  path: 'event-types',
  ...WITH_RANGE,
  validateSearch: searchOf({ q: text }),
  component: lazyRouteComponent(() => import('./event-types/event-types.tsx'), 'EventTypes'),
});

const eventType = createRoute({
  getParentRoute: () => project,
  path: 'event-types/$type',
  ...WITH_RANGE,
  component: lazyRouteComponent(() => import('./event-types/event-type.tsx'), 'EventTypeScreen'),
});

const keys = createRoute({
  getParentRoute: () => project,
  path: 'keys',
  component: lazyRouteComponent(() => import('./keys/keys.tsx'), 'Keys'),
});

const routeTree = root.addChildren([
  signIn,
  frame.addChildren([
    projects,
    project.addChildren([
      overview,
      events,
      event,
      deliveries,
      delivery,
      endpoints,
      endpoint,
      endpointTab,
      attention,
      recoveries,
      recovery,
      consumers,
      consumer,
      profile,
      stream,
      settings,
      eventTypes,
      eventType,
      keys,
    ]),
  ]),
]);

export function createDashboardRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    basepath: `${basePath}/dashboard`,
    parseSearch,
    stringifySearch,
    defaultErrorComponent: ScreenError,
    defaultNotFoundComponent: NotFound,
    context: { queryClient },
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createDashboardRouter>;
  }
  interface StaticDataRouteOption {
    /** Of what a time range limits: whether the range comes with the reader, or the screen is whole at first. */
    timeRange?: 'carried' | 'own';
  }
}
