import { inRotation, type TurnsOptions, takeTurns } from '../../../src/background/retention/batches.ts';

const options: TurnsOptions = {
  mayRun: () => true,
  until: Number.POSITIVE_INFINITY,
  pauseFactor: 0,
  onBatch() {},
};

/** A kind with so many batches, which writes its name for each. */
const kind = (name: string, batches: number, log: string[]) => {
  let left = batches;
  return async () => {
    log.push(name);
    return --left > 0;
  };
};

test('kinds take turns until none has more', async () => {
  const log: string[] = [];

  expect(await takeTurns([kind('a', 3, log), kind('b', 1, log), kind('c', 2, log)], options)).toBe(true);

  expect(log.join('')).toBe('abcaca');
});

test('nothing begins after the time is over or the lease is lost, and more is left', async () => {
  const log: string[] = [];
  const isOver = { ...options, until: performance.now() - 1 };
  const loses = { ...options, mayRun: () => log.length < 2 };

  expect(await takeTurns([kind('a', 3, log)], isOver)).toBe(false);
  expect(log).toEqual([]);
  expect(await takeTurns([kind('a', 3, log)], loses)).toBe(false);
  expect(log).toEqual(['a', 'a']);
});

test('with a factor, a batch is followed by a pause of so many times what it took', async () => {
  const startedAt = performance.now();
  const busyMs = 40;
  const busy = async () => {
    const until = performance.now() + busyMs;
    while (performance.now() < until);
    return false;
  };

  await takeTurns([busy, busy], { ...options, pauseFactor: 2 });

  // Timers may end a millisecond early.
  expect(performance.now() - startedAt).toBeGreaterThan(2 * busyMs + 2 * (2 * busyMs - 2));
});

test('tenants take turns, and those without more leave the rotation', async () => {
  const log: string[] = [];
  const left: Record<string, number> = { a: 3, b: 1, c: 2 };
  const rotation = inRotation(Object.keys(left), async (tenant) => {
    log.push(tenant);
    return --left[tenant]! > 0;
  });

  while (await rotation());

  expect(log.join('')).toBe('abcaca');
});

test('without tenants there is nothing to do', async () => {
  expect(await inRotation([], () => Promise.reject(new Error('called')))()).toBe(false);
});
