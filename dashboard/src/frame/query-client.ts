import { QueryClient } from '@tanstack/react-query';
import { PosthornError } from '../api/problem.tsx';

/** What the API refuses does not get better by asking again. What it could not answer does, and what came too soon. */
const isWorthRetrying = (failures: number, error: Error): boolean =>
  failures < 2 && !(error instanceof PosthornError && error.status < 500 && error.status !== 429);

const retryDelay = (failures: number, error: Error): number =>
  1_000 * ((error instanceof PosthornError && error.retryAfter) || 2 ** failures);

export const newQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      // The calls decide what is on line, not the browser's guess.
      queries: {
        retry: isWorthRetrying,
        retryDelay,
        staleTime: 2_000,
        networkMode: 'always',
        refetchOnReconnect: false,
      },
      mutations: { networkMode: 'always' },
    },
  });
