import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type {
  ListDeliveriesQuery,
  ListEndpointsQuery,
  ListFailuresQuery,
} from '../../../sdk/typescript/src/models.ts';
import type { EventsQuery } from '../../../sdk/typescript/src/resources/events.ts';
import { boundsOf, type RangeName, type TimeRange } from '../kit/time/time-range.ts';
import { clientOf } from './client.ts';

/** The first member of each key is the project, so that nothing of one is ever shown in another. */
export const projectQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'project'],
    queryFn: ({ signal }) => clientOf(project, signal).project.get(),
    staleTime: 60_000,
  });

const PAGE = 50;

/** The range of a list, and that of a URL that names none. Its bounds move with the time. */
export type ListRange = { range: TimeRange; fallback: RangeName };

const boundsNow = (list: ListRange | undefined) =>
  list ? boundsOf(list.range, list.fallback, Date.now()) : {};

/** A list that is read page by page. */
export const pagesOf = <Page extends { nextCursor: string | null }>(
  queryKey: readonly unknown[],
  read: (page: { limit: number; cursor?: string }, signal: AbortSignal) => Promise<Page>,
) =>
  infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      read({ limit: PAGE, ...(pageParam !== undefined && { cursor: pageParam }) }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });

/** Without a range: everything that needs attention, however old. */
export const failuresQuery = (project: string, query: ListFailuresQuery, range?: ListRange) =>
  queryOptions({
    queryKey: [project, 'failures', query, range],
    queryFn: ({ signal }) => clientOf(project, signal).failures.list({ ...query, ...boundsNow(range) }),
  });

export const eventsQuery = (project: string, filter: EventsQuery, range: ListRange) =>
  pagesOf([project, 'events', filter, range], (page, signal) =>
    clientOf(project, signal).events.summaries({ ...page, ...filter, ...boundsNow(range) }),
  );

export const deliveriesQuery = (project: string, filter: ListDeliveriesQuery, range?: ListRange) =>
  pagesOf([project, 'deliveries', filter, range], (page, signal) =>
    clientOf(project, signal).deliveries.list({ ...page, ...filter, ...boundsNow(range) }),
  );

export const eventQuery = (project: string, event: string) =>
  queryOptions({
    queryKey: [project, 'event', event],
    queryFn: ({ signal }) => clientOf(project, signal).events.get(event),
  });

/** The counts of an event's deliveries, however many there are. A list of the moment in which it was accepted has them. */
export const eventSummaryQuery = (project: string, { id, createdAt }: { id: string; createdAt: string }) =>
  queryOptions({
    queryKey: [project, 'event-summary', id],
    queryFn: async ({ signal }) => {
      const until = new Date(Date.parse(createdAt) + 1).toISOString();
      const all = clientOf(project, signal).events.allSummaries({ since: createdAt, until, limit: 200 });
      for await (const summary of all) if (summary.id === id) return summary;
      return null;
    },
  });

/** `version`: what changes with each attempt, so that the delivery is asked for again. */
export const deliveryQuery = (project: string, delivery: string, version = '') =>
  queryOptions({
    queryKey: [project, 'delivery', delivery, version],
    queryFn: ({ signal }) => clientOf(project, signal).deliveries.get(delivery),
  });

/**
 * The attempts of a delivery, the newest first. A policy has far fewer than a page. `version`: what changes with each
 * attempt, so that they are asked for again.
 */
export const attemptsQuery = (project: string, delivery: string, version = '') =>
  queryOptions({
    queryKey: [project, 'attempts', delivery, version],
    queryFn: async ({ signal }) =>
      (await clientOf(project, signal).deliveries.attempts(delivery, { limit: 200 })).items,
  });

/** The newest endpoints, for names and for choosing. The list of endpoints has pages. */
export const endpointsQuery = (project: string, query: ListEndpointsQuery) =>
  queryOptions({
    queryKey: [project, 'endpoints', query],
    queryFn: ({ signal }) => clientOf(project, signal).endpoints.list({ limit: 200, ...query }),
    staleTime: 10_000,
  });

export const endpointPagesQuery = (project: string, filter: ListEndpointsQuery) =>
  pagesOf([project, 'endpoints', 'pages', filter], (page, signal) =>
    clientOf(project, signal).endpoints.list({ ...page, ...filter }),
  );

export const endpointQuery = (project: string, endpoint: string) =>
  queryOptions({
    queryKey: [project, 'endpoint', endpoint],
    queryFn: ({ signal }) => clientOf(project, signal).endpoints.get(endpoint),
    staleTime: 10_000,
  });

/** What holds back an ordered endpoint. */
export const endpointOrderQuery = (project: string, endpoint: string) =>
  queryOptions({
    queryKey: [project, 'endpoint-order', endpoint],
    queryFn: ({ signal }) => clientOf(project, signal).endpoints.order(endpoint),
  });

export const eventTypesQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'event-types'],
    queryFn: async ({ signal }) => (await clientOf(project, signal).eventTypes.list({ limit: 200 })).items,
    staleTime: 60_000,
  });

export const recoveriesQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'recoveries'],
    queryFn: async ({ signal }) => (await clientOf(project, signal).recoveries.list({ limit: 100 })).items,
  });

export const recoveryQuery = (project: string, recovery: string) =>
  queryOptions({
    queryKey: [project, 'recovery', recovery],
    queryFn: ({ signal }) => clientOf(project, signal).recoveries.get(recovery),
  });

export const keysQuery = (project: string) =>
  queryOptions({
    queryKey: [project, 'keys'],
    queryFn: async ({ signal }) => (await clientOf(project, signal).keys.list({ limit: 200 })).items,
  });

export const profileQuery = (project: string, name: string, version: number) =>
  queryOptions({
    queryKey: [project, 'profile', name, version],
    queryFn: async ({ signal }) => (await clientOf(project, signal).profiles.get(name, { version })).profile,
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The projects with their figures of the last 24 hours. */
export const projectsQuery = pagesOf(['projects'], (page, signal) =>
  clientOf(undefined, signal).projects.list({ ...page, figures: '24h' }),
);
