import { queryOptions } from '@tanstack/react-query';
import type { GetTimelineQuery, Readiness, Timeline } from '../../../sdk/typescript/src/models.ts';
import { windowOf } from '../kit/time/time-range.ts';
import { apiUrl, clientOf } from './client.ts';
import type { ListRange } from './queries.ts';

const windowNow = ({ range, fallback }: ListRange) => windowOf(range, fallback, Date.now());

/** What a timeline is of; of the whole project if it names neither. */
export type TimelineScope = Pick<GetTimelineQuery, 'endpoint' | 'consumer'>;

/** In steps of a day with `1d`, else the finest. */
export const timelineQuery = (project: string, range: ListRange, scope: TimelineScope = {}, step?: '1d') =>
  queryOptions({
    queryKey: [project, 'timeline', range, scope, step],
    queryFn: ({ signal }) =>
      clientOf(project, signal).statistics.timeline({ ...windowNow(range), ...scope, ...(step && { step }) }),
  });

/** As long a time before a timeline. It changes only when the timeline moves on by a step. */
export const timelineBeforeQuery = (
  project: string,
  timeline: Timeline | undefined,
  scope: TimelineScope = {},
) =>
  queryOptions({
    queryKey: [project, 'timeline-before', timeline?.from, timeline?.to, scope],
    queryFn: ({ signal }) => {
      const from = Date.parse(timeline!.from);
      const before = new Date(2 * from - Date.parse(timeline!.to)).toISOString();
      return clientOf(project, signal).statistics.timeline({
        ...scope,
        from: before,
        to: timeline!.from,
        step: timeline!.step,
      });
    },
    enabled: timeline !== undefined,
    staleTime: 60_000,
  });

/** Without a project: of all of them, for the admin. */
export const backlogQuery = (project?: string) =>
  queryOptions({
    queryKey: [project ?? 'all', 'backlog'],
    queryFn: ({ signal }) => clientOf(project, signal).statistics.backlog(),
  });

/** Accepted events by type. A session of the portal gets those of its consumer. */
export const acceptedTypesQuery = (project: string, range: ListRange) =>
  queryOptions({
    queryKey: [project, 'event-type-figures', range],
    queryFn: ({ signal }) => clientOf(project, signal).statistics.eventTypes(windowNow(range)),
  });

export const eventTypeFiguresQuery = (project: string, range: ListRange) =>
  queryOptions({ ...acceptedTypesQuery(project, range), select: ({ items }) => items });

/** Figures of up to 50 endpoints over one time; of each hour with the step `1h`. */
export const endpointFiguresQuery = (project: string, ids: string[], range: ListRange, step?: '1h') =>
  queryOptions({
    queryKey: [project, 'endpoint-figures', ids, range, step],
    queryFn: ({ signal }) =>
      clientOf(project, signal).statistics.endpoints({
        ...windowNow(range),
        ids: ids.join(','),
        ...(step && { step }),
      }),
    enabled: ids.length > 0,
  });

/** null where a proxy does not publish it. It answers 503 with the same body, so it is no call of the client. */
export const readinessQuery = queryOptions({
  queryKey: ['readiness'],
  queryFn: async ({ signal }): Promise<Readiness | null> => {
    const response = await fetch(`${apiUrl}/readyz`, { signal });
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return isJson && (response.ok || response.status === 503) ? ((await response.json()) as Readiness) : null;
  },
});
