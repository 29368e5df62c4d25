/** How long one piece of work may hold the main thread before others get their turn. */
const SLICE_MS = 3;

export type TimeSlices = {
  /**
   * Work on something large calls this between its steps: it returns at once, or, when the time is up, once others have
   * had their turn.
   */
  yieldIfDue(): Promise<void>;
};

/**
 * Shares the main thread between groups that have long work to do. In one turn of the event loop one of them gets one
 * slice, so that what is short waits for no more than that, however many have long work.
 */
export function createTimeSlices(now: () => number = () => performance.now()): (group: string) => TimeSlices {
  // In the order of their turns: a group that has had one goes to the end.
  const waiting = new Map<string, (() => void)[]>();
  let isScheduled = false;

  function wait(group: string): Promise<void> {
    if (!isScheduled) setImmediate(serveNext);
    isScheduled = true;
    return new Promise((resolve) => {
      const queue = waiting.get(group) ?? [];
      waiting.set(group, queue);
      queue.push(resolve);
    });
  }

  // Not before the slice that was given last has ended: its group may wait again, and has its turn after the others.
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
    let endsAt = 0;
    return {
      async yieldIfDue() {
        if (now() < endsAt) return;
        await wait(group);
        endsAt = now() + SLICE_MS;
      },
    };
  };
}
