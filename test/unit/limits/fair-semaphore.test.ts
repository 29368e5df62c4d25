import { createFairSemaphore } from '../../../src/limits/fair-semaphore.ts';

test('at most the given number of tasks run, in total and per group, and waiting groups take turns', async () => {
  const semaphore = createFairSemaphore(3, 2);
  const running: string[] = [];
  const started: string[] = [];
  let maxRunning = 0;
  const work = (group: string) =>
    semaphore(group, async () => {
      started.push(group);
      running.push(group);
      maxRunning = Math.max(maxRunning, running.length);
      expect(running.filter((one) => one === group).length).toBeLessThanOrEqual(2);
      await new Promise(setImmediate);
      running.splice(running.indexOf(group), 1);
    });
  await Promise.all([...Array.from({ length: 30 }, () => work('a')), work('b'), work('c')]);
  expect(maxRunning).toBe(3);
  expect(Math.max(started.indexOf('b'), started.indexOf('c'))).toBeLessThan(6);
});

test('a task that fails frees its slot for the next one', async () => {
  const semaphore = createFairSemaphore(1, 1);
  const failing = semaphore('a', () => Promise.reject(new Error('no')));
  const next = semaphore('a', async () => 'done');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('done');
});
