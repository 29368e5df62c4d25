/** Temporal carries live traffic at the same time. */
const CONCURRENT = 10;
/** While Temporal does not respond, each signal takes seconds. The rest is left out then. */
const WITHIN_MS = 5_000;

/** Sends signals, a few at a time, for at most about 5 s. */
export async function signalAll<T>(signals: readonly T[], send: (signal: T) => Promise<void>): Promise<void> {
  const until = performance.now() + WITHIN_MS;
  const left = [...signals];
  const sendNext = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined && performance.now() < until; next = left.pop())
      await send(next);
  };
  await Promise.all(Array.from({ length: CONCURRENT }, sendNext));
}
