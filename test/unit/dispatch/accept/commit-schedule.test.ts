import { createCommitSchedule } from '../../../../src/dispatch/accept/commit-schedule.ts';
import { PostQueue, type QueuedPost } from '../../../../src/dispatch/accept/post-queue.ts';

let number = 0;
const post = (projectId: string): QueuedPost => ({
  draft: {
    projectId,
    id: `evt_${++number}`,
    data: Buffer.from('{}'),
    body: Buffer.from('{}'),
    attributes: {},
  } as QueuedPost['draft'],
  queuedAt: performance.now(),
  resolve: () => {},
  reject: () => {},
});

/** A schedule whose transactions end when the test says so. `saturatedBy`: the project that saturates the process. */
function scheduleWith({ hasClaimBacklog = false, saturatedBy = '' } = {}) {
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
    { recordPost: () => {}, isCausedBy: (projectId) => projectId === saturatedBy },
  );
  return {
    sizes,
    end: () => ends.shift()!(),
    add(posts: number, projectId = 'prj_a') {
      for (let n = 0; n < posts; n++) {
        queue.push(post(projectId));
        schedule.recordQueued(projectId);
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

test('a second transaction begins as soon as 16 posts are queued, and a third does not', async () => {
  const { sizes, add } = scheduleWith();
  add(1);
  await iterate();
  add(15);
  await iterate();
  expect(sizes).toEqual([1]);
  add(1);
  await iterate();
  expect(sizes).toEqual([1, 16]);
  add(40);
  await iterate();
  expect(sizes).toEqual([1, 16]);
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

test('posts that are queued during a transaction wait 10 ms from its begin, however long others have waited before', async () => {
  const { sizes, add } = scheduleWith();
  add(1);
  await jest.advanceTimersByTimeAsync(5);
  add(16);
  await jest.advanceTimersByTimeAsync(1);
  add(3);
  await jest.advanceTimersByTimeAsync(8);
  expect(sizes).toEqual([1, 16]);
  await jest.advanceTimersByTimeAsync(2);
  expect(sizes).toEqual([1, 16, 3]);
});

describe('while a project saturates the process', () => {
  test('its transaction begins at 32 posts, or after 5 ms', async () => {
    const { sizes, add, end } = scheduleWith({ saturatedBy: 'prj_a' });
    add(20);
    await jest.advanceTimersByTimeAsync(4);
    expect(sizes).toEqual([]);
    add(12);
    await iterate();
    expect(sizes).toEqual([32]);

    add(31);
    end();
    await jest.advanceTimersByTimeAsync(4);
    expect(sizes).toEqual([32]);
    await jest.advanceTimersByTimeAsync(1);
    expect(sizes).toEqual([32, 31]);
  });

  test('each group has 5 ms of its own', async () => {
    const { sizes, add, end } = scheduleWith({ saturatedBy: 'prj_a' });
    add(1);
    await jest.advanceTimersByTimeAsync(4);
    add(31);
    await iterate();
    end();
    await iterate();
    add(1);
    await jest.advanceTimersByTimeAsync(4);
    expect(sizes).toEqual([32]);
    await jest.advanceTimersByTimeAsync(1);
    expect(sizes).toEqual([32, 1]);
  });

  test('a second transaction begins at 32 posts', async () => {
    const { sizes, add } = scheduleWith({ saturatedBy: 'prj_a' });
    add(32);
    await iterate();
    add(31);
    await iterate();
    expect(sizes).toEqual([32]);
    add(1);
    await iterate();
    expect(sizes).toEqual([32, 32]);
  });

  test('a post of another project begins a transaction at once, and does so too if it was queued first', async () => {
    const { sizes, add, end } = scheduleWith({ saturatedBy: 'prj_a' });
    add(20);
    await jest.advanceTimersByTimeAsync(2);
    add(1, 'prj_b');
    await iterate();
    expect(sizes).toEqual([21]);

    add(1, 'prj_b');
    add(20);
    end();
    await iterate();
    expect(sizes).toEqual([21, 21]);
  });
});
