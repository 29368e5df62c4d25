import { createQueueReader } from '../../../../src/dispatch/queues/queue-reader.ts';

/** A queue whose reads end when the test says so. */
function startReader() {
  const reads: PromiseWithResolvers<void>[] = [];
  const failures: unknown[] = [];
  let idle = 0;
  const reader = createQueueReader(
    () => {
      reads.push(Promise.withResolvers<void>());
      return reads.at(-1)!.promise;
    },
    (error) => failures.push(error),
    () => idle++,
  );
  const settle = async (error?: Error) => {
    if (error) reads.at(-1)!.reject(error);
    else reads.at(-1)!.resolve();
    await jest.advanceTimersByTimeAsync(0);
  };
  return { reader, reads, failures, settle, idleCount: () => idle };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('requests during a read cause one more read', async () => {
  const { reader, reads, settle, idleCount } = startReader();
  for (let i = 0; i < 3; i++) reader.request();
  expect(reads).toHaveLength(1);

  await settle();
  expect([reads.length, idleCount()]).toEqual([2, 0]);
  await settle();
  expect([reads.length, idleCount()]).toEqual([2, 1]);
});

test('after a failure the queue is read again, but not before 250 ms', async () => {
  const { reader, reads, failures, settle } = startReader();
  reader.request();
  await settle(new Error('Postgres is down'));

  reader.request();
  await jest.advanceTimersByTimeAsync(249);
  expect([reads.length, failures.length]).toEqual([1, 1]);
  await jest.advanceTimersByTimeAsync(1);
  expect(reads).toHaveLength(2);
});

test('close waits for the read that is under way, and none follows', async () => {
  const { reader, reads, settle, idleCount } = startReader();
  reader.request();
  reader.request();
  let closed = false;
  const closing = reader.close().then(() => {
    closed = true;
  });
  await jest.advanceTimersByTimeAsync(0);
  expect(closed).toBe(false);

  await settle();
  await closing;
  reader.request();
  expect([reads.length, idleCount()]).toEqual([1, 0]);
});

test('a reader that pauses after a failure can be closed', async () => {
  const { reader, reads, settle } = startReader();
  reader.request();
  await settle(new Error('Postgres is down'));

  await reader.close();
  await jest.advanceTimersByTimeAsync(1_000);

  expect(reads).toHaveLength(1);
});
