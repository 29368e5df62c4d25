import { createLoadingCache } from '../../../src/api/auth/loading-cache.ts';

function cacheWithClock(ttlMs: number) {
  // lru-cache takes 0 for "no start time".
  let now = 1;
  return {
    cache: createLoadingCache<number>(ttlMs, { now: () => now }),
    advance: (ms: number): void => {
      now += ms;
    },
  };
}

test('a value is cached until its time to live has passed, counted from before the load', async () => {
  const { cache, advance } = cacheWithClock(500);
  let loads = 0;
  const load = async () => {
    advance(1);
    return ++loads;
  };

  expect(await cache.getOrLoad('a', load)).toBe(1);
  advance(499);
  expect(await cache.getOrLoad('a', load)).toBe(1);
  advance(1);
  expect(await cache.getOrLoad('a', load)).toBe(2);
});

test('concurrent callers share one load', async () => {
  const { cache } = cacheWithClock(500);
  const { promise, resolve } = Promise.withResolvers<number>();
  const values = [cache.getOrLoad('a', () => promise), cache.getOrLoad('a', async () => 2)];
  resolve(1);
  expect(await Promise.all(values)).toEqual([1, 1]);
});

test('a failed load is not cached', async () => {
  const { cache } = cacheWithClock(500);
  await expect(cache.getOrLoad('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await cache.getOrLoad('a', async () => 1)).toBe(1);
});

test('a load that finds nothing is not cached', async () => {
  const { cache } = cacheWithClock(500);
  expect(await cache.getOrLoad('a', async () => undefined)).toBeUndefined();
  expect(await cache.getOrLoad('a', async () => 1)).toBe(1);
});

test('at most 10,000 values are cached', async () => {
  const { cache } = cacheWithClock(500);
  for (let key = 0; key <= 10_000; key++) await cache.getOrLoad(String(key), async () => 1);
  expect(await cache.getOrLoad('10000', async () => 2)).toBe(1);
  expect(await cache.getOrLoad('0', async () => 2)).toBe(2);
});

test('a value that is deleted while it is being loaded is loaded again', async () => {
  const { cache } = cacheWithClock(500);
  const { promise, resolve } = Promise.withResolvers<number>();
  const before = cache.getOrLoad('a', () => promise);
  cache.deleteWhere(() => false);
  const after = cache.getOrLoad('a', async () => 2);
  resolve(1);
  expect(await Promise.all([before, after])).toEqual([1, 2]);
});

test('of the loaded values, only those that match are deleted', async () => {
  const { cache } = cacheWithClock(500);
  await cache.getOrLoad('a', async () => 1);
  await cache.getOrLoad('b', async () => 2);
  cache.deleteWhere((value) => value === 1);
  expect(await cache.getOrLoad('a', async () => 3)).toBe(3);
  expect(await cache.getOrLoad('b', async () => 3)).toBe(2);
});
