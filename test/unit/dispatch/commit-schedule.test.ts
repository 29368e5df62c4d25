import { createCommitSchedule } from '../../../src/dispatch/commit-schedule.ts';
import { PostQueue, type QueuedPost } from '../../../src/dispatch/post-queue.ts';

let number = 0;
const post = (): QueuedPost => ({
  draft: {
    projectId: 'prj_a',
    id: `evt_${++number}`,
    data: Buffer.from('{}'),
    body: Buffer.from('{}'),
  } as QueuedPost['draft'],
  queuedAt: performance.now(),
  resolve: () => {},
  reject: () => {},
});

/** A schedule whose transactions end when the test says so. */
function scheduleWith({ hasClaimBacklog = false } = {}) {
  const queue = new PostQueue();
  const ends: (() => void)[] = [];
  const sizes: number[] = [];
  const schedule = createCommitSchedule(
    queue,
    () => {
      sizes.push(queue.take(100, 1_000_000).length);
      return new Promise((resolve) => ends.push(resolve));
    },
    () => hasClaimBacklog,
  );
  return {
    sizes,
    end: () => ends.shift()!(),
    add(posts: number) {
      for (let n = 0; n < posts; n++) {
        queue.push(post());
        schedule.recordQueued();
      }
    },
  };
}

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['performance'] }));
afterEach(() => void jest.useRealTimers());
const iterate = () => jest.advanceTimersByTimeAsync(0);

test('posts of one event loop iteration share a transaction, and later ones wait for its end', async () => {
  const { sizes, add, end } = scheduleWith();
  add(3);
  await iterate();
  add(5);
  await iterate();
  expect(sizes).toEqual([3]);

  end();
  await iterate();
  expect(sizes).toEqual([3, 5]);
});

test('a second transaction begins as soon as 32 posts are queued, and a third does not', async () => {
  const { sizes, add } = scheduleWith();
  add(1);
  await iterate();
  add(31);
  await iterate();
  expect(sizes).toEqual([1]);
  add(1);
  await iterate();
  expect(sizes).toEqual([1, 32]);
  add(40);
  await iterate();
  expect(sizes).toEqual([1, 32]);
});

test('posts that wait 10 ms get a transaction while others still run, up to four at once', async () => {
  const { sizes, add } = scheduleWith();
  for (let n = 0; n < 6; n++) {
    add(2);
    await jest.advanceTimersByTimeAsync(30);
  }
  expect(sizes).toEqual([2, 2, 2, 2]);
});

test('while deliveries wait for a worker, one transaction runs at a time', async () => {
  const { sizes, add, end } = scheduleWith({ hasClaimBacklog: true });
  add(1);
  await iterate();
  add(90);
  await jest.advanceTimersByTimeAsync(100);
  expect(sizes).toEqual([1]);
  end();
  await iterate();
  expect(sizes).toEqual([1, 90]);
});
