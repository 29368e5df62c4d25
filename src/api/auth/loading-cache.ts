import { LRUCache } from 'lru-cache';

const MAX_ENTRIES = 10_000;

type Value = NonNullable<unknown>;
type Entry<T> = { promise: Promise<T | undefined>; value?: T };

export type LoadingCache<T extends Value> = {
  /** The cached value, or the one that `load` resolves to. Concurrent callers share one load. */
  getOrLoad(key: string, load: () => Promise<T | undefined>): Promise<T | undefined>;
  /** Deletes the values that match and those still being loaded, which may be older than the reason to delete. */
  deleteWhere(matches: (value: T) => boolean): void;
};

/**
 * Caches loaded values for `ttlMs`. The time counts from the start of the load, so that no value is older than that.
 * A failed load is not cached, and neither is undefined. The `fetch` of lru-cache counts from the end of the load, and
 * it cannot delete a value that is still being loaded.
 */
export function createLoadingCache<T extends Value>(
  ttlMs: number,
  clock: { now(): number } = performance,
): LoadingCache<T> {
  const entries = new LRUCache<string, Entry<T>>({
    max: MAX_ENTRIES,
    ttl: ttlMs,
    ttlResolution: 0,
    perf: clock,
  });

  const startLoad = (key: string, load: () => Promise<T | undefined>): Promise<T | undefined> => {
    const start = clock.now();
    const entry: Entry<T> = { promise: load() };
    entries.set(key, entry, { start });
    const discard = (): void => {
      if (entries.peek(key) === entry) entries.delete(key);
    };
    entry.promise.then(
      (value) => (value === undefined ? discard() : Object.assign(entry, { value })),
      discard,
    );
    return entry.promise;
  };

  return {
    getOrLoad: (key, load) => entries.get(key)?.promise ?? startLoad(key, load),
    deleteWhere(matches) {
      for (const [key, { value }] of [...entries.entries()])
        if (value === undefined || matches(value)) entries.delete(key);
    },
  };
}
