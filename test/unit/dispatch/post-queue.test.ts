import { PostQueue, type QueuedPost } from '../../../src/dispatch/post-queue.ts';
import type { EventDraft } from '../../../src/store/events/event-draft.ts';

const post = (projectId: string, id: string, queuedAt = 0): QueuedPost => ({
  draft: { projectId, id, data: Buffer.alloc(1), body: Buffer.alloc(1) } as unknown as EventDraft,
  queuedAt,
  resolve: () => {},
  reject: () => {},
});

const filled = (...posts: QueuedPost[]): PostQueue => {
  const waiting = new PostQueue();
  for (const one of posts) waiting.push(one);
  return waiting;
};

const idsOf = (posts: QueuedPost[]): string[] => posts.map(({ draft }) => `${draft.projectId}/${draft.id}`);

test('projects have their turns, and one whose posts were taken comes after the others', () => {
  const waiting = filled(post('a', '1'), post('a', '2'), post('a', '3'), post('b', '1'));

  expect(idsOf(waiting.take(2, 1_000))).toEqual(['a/1', 'b/1']);
  expect(idsOf(waiting.take(9, 1_000))).toEqual(['a/2', 'a/3']);
  expect(waiting.size).toBe(0);
});

test('of one id there is one in each transaction, and the others of their project go on beside it', () => {
  const waiting = filled(post('a', 'x'), post('a', 'x'), post('a', 'x'), post('b', 'x'), post('a', 'y'));

  expect(idsOf(waiting.take(9, 1_000))).toEqual(['a/x', 'b/x', 'a/y']);
  waiting.push(post('a', 'z'));
  expect(idsOf(waiting.take(9, 1_000))).toEqual(['a/x', 'a/z']);
  waiting.push(post('a', 'x'));
  expect(idsOf(waiting.take(9, 1_000))).toEqual(['a/x']);
  expect(idsOf(waiting.take(9, 1_000))).toEqual(['a/x']);
  expect([waiting.size, waiting.take(9, 1_000)]).toEqual([0, []]);
});

test('a repeated post that waits is the one that its project has waited for longest', () => {
  const now = performance.now();
  const waiting = filled(
    post('a', 'x', now - 9_000),
    post('a', 'x', now - 8_000),
    post('a', 'y', now - 1_000),
  );
  waiting.take(1, 1_000);

  expect(waiting.longestWaitMs('a')).toBeGreaterThanOrEqual(8_000);
  expect(waiting.longestWaitMs('b')).toBe(0);
});

test('ten thousand posts of one id hold up none of those that come after them', () => {
  const waiting = new PostQueue();
  for (let n = 0; n < 10_000; n++) waiting.push(post('a', 'x'));
  for (let n = 0; n < 10_000; n++) waiting.push(post('a', `y${n}`));

  const began = performance.now();
  let taken = 0;
  for (let n = 0; n < 100; n++) taken += waiting.take(100, 1_000_000).length;

  expect(taken).toBe(10_000);
  expect(performance.now() - began).toBeLessThan(500); // 8 s, where each transaction looks through all that are repeated
});
