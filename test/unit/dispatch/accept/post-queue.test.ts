import { PostQueue, type QueuedPost } from '../../../../src/dispatch/accept/post-queue.ts';
import type { EventDraft } from '../../../../src/store/events/event-draft.ts';
import { cpuMs } from '../../../set-up/cpu-time.ts';

const post = (projectId: string, id: string, queuedAt = 0): QueuedPost => ({
  draft: {
    projectId,
    id,
    data: Buffer.alloc(1),
    body: Buffer.alloc(1),
    attributes: {},
  } as unknown as EventDraft,
  queuedAt,
  resolve: () => {},
  reject: () => {},
});

const filled = (...posts: QueuedPost[]): PostQueue => {
  const queue = new PostQueue();
  for (const each of posts) queue.push(each);
  return queue;
};

const idsOf = (posts: QueuedPost[]): string[] => posts.map(({ draft }) => `${draft.projectId}/${draft.id}`);

test('projects take turns, and a project whose post was taken moves to the end', () => {
  const queue = filled(post('a', '1'), post('a', '2'), post('a', '3'), post('b', '1'));

  expect(idsOf(queue.take(2, 1_000))).toEqual(['a/1', 'b/1']);
  expect(idsOf(queue.take(9, 1_000))).toEqual(['a/2', 'a/3']);
  expect(queue.size).toBe(0);
});

test('a transaction contains one post of an event id, and other posts of the project are not delayed', () => {
  const queue = filled(post('a', 'x'), post('a', 'x'), post('a', 'x'), post('b', 'x'), post('a', 'y'));

  expect(idsOf(queue.take(9, 1_000))).toEqual(['a/x', 'b/x', 'a/y']);
  queue.push(post('a', 'z'));
  expect(idsOf(queue.take(9, 1_000))).toEqual(['a/x', 'a/z']);
  queue.push(post('a', 'x'));
  expect(idsOf(queue.take(9, 1_000))).toEqual(['a/x']);
  expect(idsOf(queue.take(9, 1_000))).toEqual(['a/x']);
  expect([queue.size, queue.take(9, 1_000)]).toEqual([0, []]);
});

test('a transaction ends at its bytes, which include attributes', () => {
  const [first, second] = [post('a', 'x'), post('a', 'y')];
  first.draft.attributes = { region: 'é'.repeat(50) };
  const queue = filled(first, second);

  expect(idsOf(queue.take(9, 100))).toEqual(['a/x']);
  expect(idsOf(queue.take(9, 100))).toEqual(['a/y']);
});

test('a waiting duplicate counts as the longest wait of its project', () => {
  const now = performance.now();
  const queue = filled(post('a', 'x', now - 9_000), post('a', 'x', now - 8_000), post('a', 'y', now - 1_000));
  queue.take(1, 1_000);

  expect(queue.longestWaitMs('a')).toBeGreaterThanOrEqual(8_000);
  expect(queue.longestWaitMs('b')).toBe(0);
});

test('10,000 posts of one event id delay none of the posts behind them', () => {
  const queue = new PostQueue();
  for (let n = 0; n < 10_000; n++) queue.push(post('a', 'x'));
  for (let n = 0; n < 10_000; n++) queue.push(post('a', `y${n}`));

  const before = cpuMs();
  let taken = 0;
  for (let n = 0; n < 100; n++) taken += queue.take(100, 1_000_000).length;

  expect(taken).toBe(10_000);
  expect(cpuMs() - before).toBeLessThan(1_000); // it takes 8 s if each transaction scans all duplicates
});

test('the posts of one project are taken alone, one of each event id', () => {
  const queue = filled(post('a', 'x'), post('b', 'x'), post('a', 'x'), post('a', 'y'), post('a', 'z'));

  expect(idsOf(queue.takeOf('a', 2, 1_000))).toEqual(['a/x', 'a/y']);
  expect(idsOf(queue.takeOf('a', 9, 1_000))).toEqual(['a/x', 'a/z']);
  expect(queue.takeOf('a', 9, 1_000)).toEqual([]);
  expect(idsOf(queue.take(9, 1_000))).toEqual(['b/x']);
});

test('a project whose first post is not admitted has no further turn, and keeps its place', () => {
  const queue = filled(post('a', '1'), post('a', '2'), post('b', '1'), post('b', '2'), post('b', '3'));
  let refusals = 0;
  const admits = ({ projectId, id }: EventDraft) => {
    const isAdmitted = projectId === 'b' || id === '1';
    if (!isAdmitted) refusals += 1;
    return isAdmitted;
  };

  expect(idsOf(queue.take(9, 1_000, admits))).toEqual(['a/1', 'b/1', 'b/2', 'b/3']);
  expect([refusals, queue.size]).toEqual([1, 1]);
  expect(idsOf(queue.take(9, 1_000))).toEqual(['a/2']);
});
