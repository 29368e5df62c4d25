import { setImmediate as nextIteration } from 'node:timers/promises';
import type { Acceptor } from '../../../../src/api/ports.ts';
import { createAcceptor } from '../../../../src/dispatch/accept/acceptor.ts';
import type { AcceptResult } from '../../../../src/store/events/event-draft.ts';
import { type SeededStore, secretBox, seedStore } from '../../../store/seed.ts';
import { recordingReserve } from '../recording-reserve.ts';

let store: SeededStore;
let acceptor: Acceptor;

// Without timers, so that no wait ends by itself, however slow the machine is.
beforeEach(async () => {
  store = await seedStore();
  await store.newEndpoint();
  acceptor = createAcceptor({
    pool: store.pool,
    box: secretBox,
    reserve: recordingReserve().reserve,
    saturation: { recordPost: () => {}, isCausedBy: (projectId) => projectId === store.project },
  });
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setInterval', 'Date', 'performance'] });
});
afterEach(async () => {
  jest.useRealTimers();
  await store.drop();
});

/** Each in an event loop iteration of its own. */
async function postOneByOne(posts: number): Promise<Promise<AcceptResult>[]> {
  const accepted: Promise<AcceptResult>[] = [];
  for (let n = 0; n < posts; n++) {
    accepted.push(acceptor.acceptOne(store.draft()));
    await nextIteration();
  }
  return accepted;
}

const stored = () =>
  store.queryOne(
    'SELECT count(*)::int AS events, count(DISTINCT xmin::text)::int AS transactions FROM events',
  );

test('posts of a project that saturates the process share a transaction, 32 of them or what came within 5 ms', async () => {
  const first = await postOneByOne(31);
  expect(await stored()).toMatchObject({ events: 0 });
  await Promise.all([...first, acceptor.acceptOne(store.draft())]);
  expect(await stored()).toEqual({ events: 32, transactions: 1 });

  const rest = await postOneByOne(3);
  expect(await stored()).toMatchObject({ events: 32 });
  jest.advanceTimersByTime(5);
  await Promise.all(rest);
  expect(await stored()).toEqual({ events: 35, transactions: 2 });
});

test('a post of another project waits for nobody, and what was queued before it is stored with it', async () => {
  const other = await store.newProject();
  const flood = await postOneByOne(20);
  expect(await stored()).toMatchObject({ events: 0 });

  await acceptor.acceptOne({ ...store.draft(), projectId: other });

  await Promise.all(flood);
  expect(await stored()).toEqual({ events: 21, transactions: 1 });
});
