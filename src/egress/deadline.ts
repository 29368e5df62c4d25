/** Milliseconds until a time on the clock of performance.now(); at least 1, so it can be passed to setTimeout. */
export const msUntil = (time: number): number => Math.max(1, time - performance.now());

/**
 * What `work` resolves to; undefined when it takes longer than `ms` milliseconds. Rejects when `work` rejects first.
 */
export async function resolveWithin<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const { promise: timeout, resolve: onTimeout } = Promise.withResolvers<undefined>();
  const timer = setTimeout(onTimeout, ms, undefined);
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
