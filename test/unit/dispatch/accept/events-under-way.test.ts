import { EventsUnderWay } from '../../../../src/dispatch/accept/events-under-way.ts';
import type { QueuedPost } from '../../../../src/dispatch/accept/post-queue.ts';
import type { EventDraft } from '../../../../src/store/events/event-draft.ts';

const draft = (id: string, projectId = 'a') => ({ projectId, id }) as EventDraft;
const post = (id: string, projectId?: string): QueuedPost => ({
  draft: draft(id, projectId),
  queuedAt: 0,
  resolve: () => {},
  reject: () => {},
});

let ended: QueuedPost[];
let underWay: EventsUnderWay;
beforeEach(() => {
  ended = [];
  underWay = new EventsUnderWay((one) => ended.push(one));
});

test('a post of an event under way waits until it has ended, and one of another event or project does not', async () => {
  const transaction = Promise.withResolvers<void>();
  const running = underWay.during([draft('1'), draft('2')], () => transaction.promise);
  const posts = [post('1'), post('1'), post('2'), post('3'), post('1', 'b')];

  expect(underWay.keepWaiting(posts)).toEqual(posts.slice(3));
  expect(ended).toEqual([]);

  transaction.resolve();
  await running;
  expect(ended).toEqual(posts.slice(0, 3));
  expect(underWay.keepWaiting(posts)).toEqual(posts);
});

test('a post waits for all transactions that store its event, also for one that fails', async () => {
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const failing = underWay.during([draft('1')], () => first.promise);
  const running = underWay.during([draft('1')], () => second.promise);
  const waiting = post('1');
  expect(underWay.keepWaiting([waiting])).toEqual([]);

  first.reject(new Error('rolled back'));
  await expect(failing).rejects.toThrow('rolled back');
  expect(ended).toEqual([]);

  second.resolve();
  await running;
  expect(ended).toEqual([waiting]);
});
