import { createTimeSlices } from '../../../src/limits/time-slices.ts';

test('an event loop iteration runs one slice of a long task, and groups take turns', async () => {
  let now = 0;
  const slicesOf = createTimeSlices(() => now);
  const order: string[] = [];
  let iterations = 0;
  const keepAlive = setInterval(() => {}, 1);
  const countIteration = (): void => {
    iterations += 1;
    if (order.length < 12) setImmediate(countIteration);
  };
  setImmediate(countIteration);
  const work = async (group: string): Promise<void> => {
    const slices = slicesOf(group);
    for (let step = 0; step < 3; step++) {
      await slices.yieldIfDue();
      order.push(group);
      now += 100;
    }
  };
  await Promise.all([work('a'), work('a'), work('a'), work('b')]);
  clearInterval(keepAlive);
  expect(order.slice(0, 8).filter((group) => group === 'b')).toHaveLength(3);
  expect(iterations).toBeGreaterThanOrEqual(11);
});
