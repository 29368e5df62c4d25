import { Problem } from '../problems/problem.ts';

/** Searches of one project at the same time. Each may read 20,000 rows, whatever it finds. */
const SEARCHES_OF_PROJECT = 2;

export type SearchLimit = {
  /** Runs `search`; throws quota_exceeded while the project has two others running in this process. */
  run<T>(projectId: string, search: () => Promise<T>): Promise<T>;
};

export function createSearchLimit(): SearchLimit {
  const running = new Map<string, number>();
  return {
    async run(projectId, search) {
      const others = running.get(projectId) ?? 0;
      if (others >= SEARCHES_OF_PROJECT) {
        const detail = 'Two searches of the project are running. Wait until one has ended.';
        throw new Problem('quota_exceeded', detail, { headers: { 'retry-after': '1' } });
      }
      running.set(projectId, others + 1);
      try {
        return await search();
      } finally {
        const left = running.get(projectId)! - 1;
        if (left === 0) running.delete(projectId);
        else running.set(projectId, left);
      }
    },
  };
}
