/** How long one task may block the main thread. */
const SLICE_MS = 3;

export type TimeSlices = {
  /** A long task calls this between its steps. It returns at once, or waits for other groups if the slice is used up. */
  yieldIfDue(): Promise<void>;
};

/**
 * Shares the main thread between groups with long tasks. In each event loop iteration one group gets one slice, so a
 * short request waits for at most one slice, however many long tasks there are.
 */
export function createTimeSlices(now: () => number = () => performance.now()): (group: string) => TimeSlices {
  // In the order of service: a group that got a slice moves to the end.
  const waiting = new Map<string, (() => void)[]>();
  let isScheduled = false;

  function waitForSlice(group: string): Promise<void> {
    if (!isScheduled) setImmediate(serveNext);
    isScheduled = true;
    return new Promise((resolve) => {
      const queue = waiting.get(group) ?? [];
      waiting.set(group, queue);
      queue.push(resolve);
    });
  }

  // Runs after the previous slice has ended, so its group, if it waits again, is served after the others.
  function serveNext(): void {
    isScheduled = false;
    const [group, queue] = waiting.entries().next().value!;
    waiting.delete(group);
    queue.shift()!();
    if (queue.length > 0) waiting.set(group, queue);
    if (waiting.size === 0) return;
    isScheduled = true;
    setImmediate(serveNext);
  }

  return (group) => {
    let sliceEndsAt = 0;
    return {
      async yieldIfDue() {
        if (now() < sliceEndsAt) return;
        await waitForSlice(group);
        sliceEndsAt = now() + SLICE_MS;
      },
    };
  };
}
