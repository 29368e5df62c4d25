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

test('after each shared transaction other work may use Postgres, once its posts have been answered', async () => {
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
      order.push(`response to ${id}`);
    }),
  );
  await hadTurn.promise;

  expect(order).toEqual(['response to 1', 'response to 2', 'other work']);
});
