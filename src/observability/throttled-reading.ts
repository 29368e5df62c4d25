/** After each reading, no other starts for 100 times its duration, so readings take at most 1 % of the time. */
const MIN_IDLE_RATIO = 100;

/**
 * Caches a reading for 100 times as long as it took: a query over a backlog of a million rows must not run at each
 * scrape. A failed reading is repeated at the next call.
 */
export function throttledReading<T>(
  read: () => Promise<T>,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let last: Promise<T> | undefined;
  let nextAt = 0;
  return () => {
    if (last && now() < nextAt) return last;
    const startedAt = now();
    // Concurrent calls share the reading in flight.
    nextAt = Number.POSITIVE_INFINITY;
    const reading = read();
    last = reading;
    reading.then(
      () => {
        nextAt = now() + MIN_IDLE_RATIO * (now() - startedAt);
      },
      () => {
        last = undefined;
      },
    );
    return reading;
  };
}
