import { createTenantSemaphore } from './tenant-semaphore.ts';

/*
 * For tasks of groups that are all alike. Differs from TenantSemaphore, on which it is built: it runs the task itself,
 * it has one level of groups, and any number of tasks may wait.
 */

/** Runs `task` once a slot is free, and settles as it does. */
export type FairSemaphore = <T>(group: string, task: () => Promise<T>) => Promise<T>;

/**
 * Runs at most `maxConcurrent` tasks at a time, `maxPerGroup` of one group. Waiting groups take turns; within a group,
 * tasks start in the order in which they came.
 */
export function createFairSemaphore(maxConcurrent: number, maxPerGroup: number): FairSemaphore {
  const semaphore = createTenantSemaphore({
    maxConcurrent,
    maxPerProject: maxPerGroup,
    maxPerCaller: maxPerGroup,
    maxWaitingPerCaller: Number.POSITIVE_INFINITY,
  });
  return async (group, task) => {
    const release = await semaphore.acquire({ projectId: group, consumer: null });
    try {
      return await task();
    } finally {
      release();
    }
  };
}
