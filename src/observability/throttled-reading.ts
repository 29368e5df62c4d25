/** A reading takes at most one hundredth of the time, however often it is asked for. */
const PACE = 100;

/**
 * A reading that is made anew after 100 times as long as the last one took, and answered with that one before: what has to
 * look through a backlog of a million must not do so at each scrape. One that fails is made again at the next call.
 */
export function throttledReading(
  read: () => Promise<number>,
  now: () => number = () => performance.now(),
): () => Promise<number> {
  let last: Promise<number> | undefined;
  let nextAt = 0;
  return () => {
    if (last && now() < nextAt) return last;
    const startedAt = now();
    // Until it has been made, who asks shares it.
    nextAt = Number.POSITIVE_INFINITY;
    const reading = read();
    last = reading;
    reading.then(
      () => {
        nextAt = now() + PACE * (now() - startedAt);
      },
      () => {
        last = undefined;
      },
    );
    return reading;
  };
}
