import { throttledReading } from '../../../src/observability/throttled-reading.ts';

test('a slow reading is repeated rarely, and a failed one at once', async () => {
  let now = 0;
  let made = 0;
  let fails = false;
  const read = throttledReading(
    async () => {
      made += 1;
      now += 200;
      if (fails) throw new Error('away');
      return made;
    },
    () => now,
  );
  expect(await Promise.all([read(), read()])).toEqual([1, 1]);
  now += 19_999;
  expect(await read()).toBe(1);
  now += 1;
  expect(await read()).toBe(2);

  now += 20_000;
  fails = true;
  await expect(read()).rejects.toThrow('away');
  fails = false;
  expect(await read()).toBe(4);
});
