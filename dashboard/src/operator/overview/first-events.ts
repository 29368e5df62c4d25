import { useQuery } from '@tanstack/react-query';
import { clientOf } from '../../api/client.ts';

export const REFETCH_MS = 5_000;

/** The newest event that is no test. Only asked for until there is one. */
const firstEventQuery = (project: string) => ({
  queryKey: [project, 'events', 'first'],
  queryFn: async ({ signal }: { signal: AbortSignal }) =>
    (await clientOf(project, signal).events.summaries({ limit: 1, test: 'false' })).items[0] ?? null,
});

export const useFirstEvent = (project: string) =>
  useQuery({
    ...firstEventQuery(project),
    refetchInterval: ({ state }) => (state.data === null ? REFETCH_MS : false),
  });

/** Whether no event was posted yet, tests aside; undefined until it is known. */
export function useIsNew(project: string): boolean | undefined {
  const { data, error } = useFirstEvent(project);
  return data === undefined ? (error ? false : undefined) : data === null;
}
