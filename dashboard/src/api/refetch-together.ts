import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

/**
 * Asks for several figures of a project at the same moment, so that they agree; only while the page is visible. `names`: of
 * the queries, the second member of their keys.
 */
export function useRefetchTogether(project: string, names: readonly string[], everyMs: number): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.hidden) return;
      void queryClient.refetchQueries({
        type: 'active',
        predicate: ({ queryKey: [of, name] }) => of === project && names.includes(String(name)),
      });
    }, everyMs);
    return () => clearInterval(timer);
  }, [queryClient, project, names, everyMs]);
}
