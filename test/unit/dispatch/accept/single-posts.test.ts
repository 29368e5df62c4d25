import { createSaturation } from '../../../../src/dispatch/accept/saturation.ts';
import {
  createSinglePosts,
  type SinglePostsDependencies,
} from '../../../../src/dispatch/accept/single-posts.ts';
import { SHARED } from '../../../../src/dispatch/accept/store-drafts.ts';
import { createFairSemaphore } from '../../../../src/limits/fair-semaphore.ts';
import { FanOutTooLarge } from '../../../../src/store/events/accept/match-receivers.ts';
import type { EventDraft } from '../../../../src/store/events/event-draft.ts';

const draft = (id: string, projectId: string) =>
  ({
    id,
    projectId,
    consumer: null,
    type: 'a',
    data: '',
    body: '',
    attributes: {},
    target: null,
  }) as unknown as EventDraft;

const newSinglePosts = (given: Pick<SinglePostsDependencies, 'store'> & Partial<SinglePostsDependencies>) =>
  createSinglePosts({
    filtering: {
      isExpected: () => false,
      evaluate: () => Promise.reject(),
      withResults: () => Promise.reject(),
    },
    withSlot: createFairSemaphore(1, 1),
    weightsOf: async (scopes) => scopes.map(() => 0),
    hasClaimBacklog: () => false,
    afterShared: () => {},
    maxBytesPerTransaction: 1_000,
    saturation: createSaturation(),
    ...given,
  });

afterEach(() => jest.restoreAllMocks());

test('a project whose separate posts have waited for 30 s is behind, and no other is', async () => {
  const separate = Promise.withResolvers<void>();
  const posts = newSinglePosts({
    store: (drafts, options) => {
      if (options === SHARED) return Promise.reject(new FanOutTooLarge([drafts[0]!.projectId]));
      separate.resolve();
      return new Promise(() => {});
    },
  });
  for (const id of ['1', '2']) void posts.accept(draft(id, 'wide'));
  await separate.promise;
  const startedAt = performance.now();
  const atMs = (ms: number) => jest.spyOn(performance, 'now').mockReturnValue(startedAt + ms);

  atMs(29_000);
  expect(posts.isBehind('wide')).toBe(false);
  atMs(31_000);
  expect(posts.isBehind('wide')).toBe(true);
  expect(posts.isBehind('other')).toBe(false);
});

test('other work may use Postgres after a shared transaction, once its posts have their responses', async () => {
  const order: string[] = [];
  const hadTurn = Promise.withResolvers<void>();
  const posts = newSinglePosts({
    store: async (drafts) => drafts.map(() => ({ kind: 'id_conflict' })),
    afterShared: () => {
      order.push('other work');
      hadTurn.resolve();
    },
  });

  await Promise.all(
    ['1', '2'].map(async (id) => {
      await posts.accept(draft(id, 'project'));
      for (let tick = 0; tick < 20; tick++) await null; // a response takes several ticks
      order.push(`response to ${id}`);
    }),
  );
  await hadTurn.promise;

  expect(order).toEqual(['response to 1', 'response to 2', 'other work']);
});

test('no other work uses Postgres between two shared transactions while posts wait', async () => {
  const order: string[] = [];
  const hadTurn = Promise.withResolvers<void>();
  const posts = newSinglePosts({
    store: async (drafts) => {
      order.push(`transaction of ${drafts.length}`);
      return drafts.map(() => ({ kind: 'id_conflict' }));
    },
    afterShared: () => {
      order.push('other work');
      hadTurn.resolve();
    },
  });

  await Promise.all(Array.from({ length: 150 }, (_, n) => posts.accept(draft(`${n}`, 'project'))));
  await hadTurn.promise;

  expect(order).toEqual(['transaction of 100', 'transaction of 50', 'other work']);
});
