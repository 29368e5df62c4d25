import { type Caller, createTenantSemaphore, TooManyWaiting } from '../../../src/limits/tenant-semaphore.ts';

const options = { maxConcurrent: 4, maxPerProject: 2, maxPerCaller: 1, maxWaitingPerCaller: 3 };
const caller = (projectId: string, consumer: string | null = null): Caller => ({ projectId, consumer });

/** Records which callers got a slot; `release` releases the slot that has been held longest. */
function setUp() {
  const semaphore = createTenantSemaphore(options);
  const held: { name: string; release: () => void }[] = [];
  const served: string[] = [];
  const take = (name: string, of: Caller) =>
    semaphore.acquire(of).then((release) => {
      served.push(name);
      held.push({ name, release });
    });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { take, served, settle, held, release: () => held.shift()!.release() };
}

test('one caller gets one slot and its project two, so that another project finds one', async () => {
  const { take, served, settle } = setUp();
  void take('a0', caller('a'));
  void take('a1', caller('a'));
  void take('a/x0', caller('a', 'x'));
  void take('a/y0', caller('a', 'y'));
  void take('b0', caller('b'));
  await settle();
  expect(served).toEqual(['a0', 'a/x0', 'b0']);
});

test('waiting projects are served in turn, however many requests each has', async () => {
  const { take, served, settle, release } = setUp();
  for (const consumer of ['x', 'y', 'z']) for (let n = 0; n < 2; n++) void take('a', caller('a', consumer));
  for (const project of ['b', 'c', 'd']) for (let n = 0; n < 2; n++) void take(project, caller(project));
  for (let n = 0; n < 12; n++) {
    await settle();
    release();
  }
  await settle();
  expect(served.slice(0, 4)).toEqual(['a', 'a', 'b', 'c']);
  expect(served.slice(4, 8).sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(served.toSorted()).toEqual([...'aaaaaabbccdd']);
});

test('a caller with too many waiting requests is refused, and no other caller is', async () => {
  const { take } = setUp();
  for (let n = 0; n < 4; n++) void take('a', caller('a'));
  await expect(take('a', caller('a'))).rejects.toThrow(TooManyWaiting);
  await take('a/x', caller('a', 'x'));
  await take('b', caller('b'));
});

test('a slot that is released twice is freed once', async () => {
  const { take, served, settle, held } = setUp();
  for (let n = 0; n < 3; n++) void take(`a${n}`, caller('a'));
  await settle();
  const { release } = held.shift()!;
  release();
  release();
  await settle();
  expect(served).toEqual(['a0', 'a1']);
});
