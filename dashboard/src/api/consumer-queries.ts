import { queryOptions } from '@tanstack/react-query';
import { windowOf } from '../kit/time/time-range.ts';
import { clientOf } from './client.ts';
import { type ListRange, pagesOf } from './queries.ts';

export const consumersQuery = (project: string, q: string) =>
  pagesOf([project, 'consumers', q], (page, signal) =>
    clientOf(project, signal).consumers.list({ ...page, ...(q !== '' && { q }) }),
  );

export const consumerQuery = (project: string, consumer: string) =>
  queryOptions({
    queryKey: [project, 'consumer', consumer],
    queryFn: ({ signal }) => clientOf(project, signal).consumers.get(consumer),
    staleTime: 10_000,
  });

export const consumerKeysQuery = (project: string, consumer: string) =>
  queryOptions({
    queryKey: [project, 'keys', consumer],
    queryFn: async ({ signal }) =>
      (await clientOf(project, signal).keys.list({ limit: 200, consumer })).items,
  });

export const consumerSessionsQuery = (project: string, consumer: string) =>
  queryOptions({
    queryKey: [project, 'consumer-sessions', consumer],
    queryFn: async ({ signal }) => (await clientOf(project, signal).consumers.sessions(consumer)).items,
  });

export const consumerTimelineQuery = (project: string, consumer: string, { range, fallback }: ListRange) =>
  queryOptions({
    queryKey: [project, 'timeline', consumer, range],
    queryFn: ({ signal }) =>
      clientOf(project, signal).statistics.timeline({ ...windowOf(range, fallback, Date.now()), consumer }),
  });
