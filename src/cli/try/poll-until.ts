import { setTimeout as sleep } from 'node:timers/promises';
import { TryFailure } from './try-failure.ts';

const POLL_INTERVAL_MS = 100;
const POLL_TIMEOUT_MS = 15_000;

/** Polls until `isDone`, for at most 15 s. Throws a TryFailure with the description of the last value if it never is. */
export async function pollUntil<T>(
  poll: () => Promise<T>,
  isDone: (value: T) => boolean,
  describeTimeout: (last: T) => string,
): Promise<T> {
  const end = performance.now() + POLL_TIMEOUT_MS;
  for (;;) {
    const value = await poll();
    if (isDone(value)) return value;
    if (performance.now() > end) throw new TryFailure(describeTimeout(value));
    await sleep(POLL_INTERVAL_MS);
  }
}
