export type FairSemaphore = <T>(group: string, work: () => Promise<T>) => Promise<T>;

/**
 * Runs work, at most `most` at a time and `mostOfGroup` of one group. What waits is begun group by group in turns, and
 * within a group in the order in which it came.
 */
export function createFairSemaphore(most: number, mostOfGroup: number): FairSemaphore {
  // In the order of their turns: a group that has begun something goes to the end.
  const waiting = new Map<string, (() => void)[]>();
  const running = new Map<string, number>();
  let runningInAll = 0;

  const mayBegin = (group: string): boolean => runningInAll < most && (running.get(group) ?? 0) < mostOfGroup;

  function begin(group: string): void {
    runningInAll += 1;
    running.set(group, (running.get(group) ?? 0) + 1);
  }

  function end(group: string): void {
    runningInAll -= 1;
    const left = running.get(group)! - 1;
    if (left > 0) running.set(group, left);
    else running.delete(group);
    beginNext();
  }

  function beginNext(): void {
    for (const [group, queue] of waiting) {
      if (!mayBegin(group)) continue;
      waiting.delete(group);
      const next = queue.shift()!;
      if (queue.length > 0) waiting.set(group, queue);
      begin(group);
      next();
      return;
    }
  }

  return async (group, work) => {
    if (mayBegin(group) && !waiting.has(group)) begin(group);
    else
      await new Promise<void>((resolve) => {
        const queue = waiting.get(group) ?? [];
        waiting.set(group, queue);
        queue.push(resolve);
      });
    try {
      return await work();
    } finally {
      end(group);
    }
  };
}
