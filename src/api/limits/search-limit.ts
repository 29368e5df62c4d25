import { Problem } from '../problems/problem.ts';

/**
 * Searches at the same time in this process, each of which may read 20,000 rows, or 100,000 entries of an index: of the own
 * keys of a project, or of one consumer.
 */
const SEARCHES_OF_CALLER = 2;
/** Of all consumers of a project. More than one of them has, so that it cannot keep the others from searching. */
const SEARCHES_OF_CONSUMERS = 4;

export type Searcher = { projectId: string; consumer: string | null };

export type SearchLimit = {
  /** Runs `search`; throws quota_exceeded while too many others of the caller, or of the consumers of its project, run. */
  run<T>(searcher: Searcher, search: () => Promise<T>): Promise<T>;
};

export function createSearchLimit(): SearchLimit {
  const running = new Map<string, number>();

  return {
    async run({ projectId, consumer }, search) {
      const caller = { name: `${projectId}/${consumer ?? ''}`, max: SEARCHES_OF_CALLER };
      const consumers = { name: `${projectId} consumers`, max: SEARCHES_OF_CONSUMERS };
      const limits = consumer === null ? [caller] : [caller, consumers];
      if (limits.some(({ name, max }) => (running.get(name) ?? 0) >= max)) refuse(consumer);
      for (const { name } of limits) running.set(name, (running.get(name) ?? 0) + 1);
      try {
        return await search();
      } finally {
        for (const { name } of limits) {
          const left = running.get(name)! - 1;
          if (left === 0) running.delete(name);
          else running.set(name, left);
        }
      }
    },
  };
}

function refuse(consumer: string | null): never {
  const whose = consumer === null ? 'the project' : 'this consumer, or of the consumers of the project,';
  const detail = `Too many searches of ${whose} are running. Wait until one has ended.`;
  throw new Problem('quota_exceeded', detail, { headers: { 'retry-after': '1' } });
}
