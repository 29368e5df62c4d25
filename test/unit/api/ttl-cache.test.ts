import { TtlCache } from '../../../src/api/auth/ttl-cache.ts';

function memoryWithClock(ttlMs: number) {
  const clock = { now: 0 };
  return { clock, memory: new TtlCache<number>(ttlMs, () => clock.now) };
}

test('what was loaded is remembered until its time is up, counted from before the load', async () => {
  const { clock, memory } = memoryWithClock(500);
  let loads = 0;
  const load = async () => ++loads;

  expect(await memory.getOrLoad('a', load)).toBe(1);
  clock.now = 499;
  expect(await memory.getOrLoad('a', load)).toBe(1);
  clock.now = 500;
  expect(await memory.getOrLoad('a', load)).toBe(2);
});

test('callers that ask at the same time share one load', async () => {
  const { memory } = memoryWithClock(500);
  const { promise, resolve } = Promise.withResolvers<number>();
  const answers = [memory.getOrLoad('a', () => promise), memory.getOrLoad('a', async () => 2)];
  resolve(1);
  expect(await Promise.all(answers)).toEqual([1, 1]);
});

test('a load that fails is not remembered', async () => {
  const { memory } = memoryWithClock(500);
  await expect(memory.getOrLoad('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await memory.getOrLoad('a', async () => 1)).toBe(1);
});

test('what is forgotten while its load is under way is loaded again', async () => {
  const { memory } = memoryWithClock(500);
  const { promise, resolve } = Promise.withResolvers<number>();
  const before = memory.getOrLoad('a', () => promise);
  memory.deleteWhere(() => false);
  const after = memory.getOrLoad('a', async () => 2);
  resolve(1);
  expect(await Promise.all([before, after])).toEqual([1, 2]);
});

test('of what was loaded, only what fits is forgotten', async () => {
  const { memory } = memoryWithClock(500);
  await memory.getOrLoad('a', async () => 1);
  await memory.getOrLoad('b', async () => 2);
  memory.deleteWhere((value) => value === 1);
  expect(await memory.getOrLoad('a', async () => 3)).toBe(3);
  expect(await memory.getOrLoad('b', async () => 3)).toBe(2);
});
