import { retryDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import {
  type EventPosition,
  projectsWithOldEvents,
  removeOutcomes,
  removeSettledEvents,
} from '../../../src/store/events/retention.ts';
import { currentCursor, outcomesAfter } from '../../../src/store/outcomes/outcomes.ts';
import { unmarkSlowBefore } from '../../../src/store/receivers/gates/slow-receivers.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import { addSettled, LONG_AGO, MONTH_AGO } from './settled-events.ts';

let store: SeededStore;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

/** Removes batches until none is left. Returns how many events each has removed. */
async function removeAll(): Promise<number[]> {
  const removed: number[] = [];
  let position: EventPosition | null = null;
  do {
    const batch = await removeSettledEvents(store.pool, store.project, MONTH_AGO, position);
    removed.push(batch.removed);
    position = batch.next;
  } while (position);
  return removed;
}

const removeOne = async () => (await removeSettledEvents(store.pool, store.project, MONTH_AGO)).removed;

const waitingForLocks = async (): Promise<number> => {
  const { n } = await store.queryOne<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return n;
};

const countOf = async (table: string): Promise<number> =>
  (await store.queryOne<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).n;

test('settled events are removed in small batches with their deliveries and attempts, and newer ones stay', async () => {
  await addSettled(store, 'old_', 1_200, 2);
  await addSettled(store, 'young_', 10, 1, new Date());

  expect(await removeAll()).toEqual([500, 500, 200]);
  expect([await countOf('events'), await countOf('deliveries'), await countOf('attempts')]).toEqual([
    10, 10, 10,
  ]);
});

test('an event with very many deliveries is removed in a batch of its own, and does not block others', async () => {
  await addSettled(store, 'wide_', 2, 5_000);
  await addSettled(store, 'narrow_', 5, 1, new Date(LONG_AGO.getTime() + 1));

  expect(await removeAll()).toEqual([1, 1, 5]);
});

test('events that are still open are read once, and those behind them are removed', async () => {
  await addSettled(store, 'open_', 1_100, 1);
  await store.pool.query(`UPDATE events SET open_count = 1, status = 'pending'`);
  await addSettled(store, 'old_', 5, 1, new Date(LONG_AGO.getTime() + 1));

  expect(await removeAll()).toEqual([0, 0, 5]);
  expect(await countOf('events')).toBe(1_100);
});

test('an event that was settled only lately stays, however old it is', async () => {
  await addSettled(store, 'old_', 2, 1);
  await store.pool.query(`UPDATE events SET settled_at = now() WHERE id = 'old_1'`);

  expect(await removeAll()).toEqual([1]);
  expect(await store.queryOne('SELECT id FROM events')).toEqual({ id: 'old_1' });
});

test('projects with old events are returned from the one after the last on', async () => {
  const [first, second, third] = [await store.newProject(), await store.newProject(), store.project].sort();
  await addSettled(store, 'old_', 3, 1);
  await store.pool.query(
    `UPDATE events SET project_id = CASE id WHEN 'old_1' THEN $1 WHEN 'old_2' THEN $2 ELSE $3 END`,
    [first, second, third],
  );

  expect(await projectsWithOldEvents(store.pool, MONTH_AGO, '')).toEqual([first, second, third]);
  expect(await projectsWithOldEvents(store.pool, MONTH_AGO, first!)).toEqual([second, third, first]);
  expect(await projectsWithOldEvents(store.pool, new Date(0), '')).toEqual([]);
});

test('an event with an open delivery is never removed', async () => {
  await store.newEndpoint();
  await store.acceptEvent(null, { createdAt: LONG_AGO });

  expect(await removeOne()).toBe(0);
  expect(await countOf('deliveries')).toBe(1);
});

test('a manual retry during the removal of its event never leaves a part of the event', async () => {
  await addSettled(store, 'old_', 100, 1);

  const [removed, ...responses] = await Promise.all([
    removeOne(),
    ...Array.from({ length: 8 }, (_, n) => retryDelivery(store.pool, store.project, null, `old_${n + 1}_1`)),
  ]);

  const kept = responses.filter(({ result }) => result.kind === 'replayed').length;
  expect(responses.filter(({ result }) => result.kind === 'not_found')).toHaveLength(8 - kept);
  expect(removed).toBe(100 - kept);
  expect(await countOf('events')).toBe(kept);
  expect(await countOf('deliveries')).toBe(2 * kept);
});

test('an event that is retried while its removal waits for a lock stays, with its deliveries and attempts', async () => {
  await addSettled(store, 'old_', 20, 1);
  const retried = await store.pool.connect();
  await retried.query('BEGIN');
  await retried.query(`SELECT FROM deliveries WHERE id = 'old_7_1' FOR UPDATE`);

  const removal = removeOne();
  await eventually(async () => (await waitingForLocks()) > 0);
  await retried.query(`UPDATE events SET open_count = 1, status = 'pending' WHERE id = 'old_7'`);
  await retried.query('COMMIT');
  retried.release();

  expect(await removal).toBe(19);
  expect(await store.queryOne('SELECT id FROM events')).toEqual({ id: 'old_7' });
  expect(await store.queryOne('SELECT id FROM deliveries')).toEqual({ id: 'old_7_1' });
  expect(await store.queryOne('SELECT delivery_id AS id FROM attempts')).toEqual({ id: 'old_7_1' });
});

test('an event that is retried and settled again while its removal waits for a lock stays complete', async () => {
  await addSettled(store, 'old_', 20, 1);
  const retried = await store.pool.connect();
  await retried.query('BEGIN');
  await retried.query(`SELECT FROM deliveries WHERE id = 'old_7_1' FOR UPDATE`);

  const removal = removeOne();
  await eventually(async () => (await waitingForLocks()) > 0);
  await retried.query(`
    INSERT INTO deliveries (id, project_id, event_id, receiver, policy, status, created_at, settled_at)
    SELECT 'again', project_id, event_id, receiver, policy, 'delivered', now(), now() FROM deliveries WHERE id = 'old_7_1'`);
  await retried.query(
    `UPDATE events SET settled_at = clock_timestamp(), delivery_count = 2 WHERE id = 'old_7'`,
  );
  await retried.query('COMMIT');
  retried.release();
  await removal;

  const { events, deliveries } = await store.queryOne<{ events: number; deliveries: number }>(
    `SELECT (SELECT count(*)::int FROM events) AS events, (SELECT count(*)::int FROM deliveries) AS deliveries`,
  );
  expect([events, deliveries]).toEqual([1, 2]);
});

test('two processes can remove events at the same time', async () => {
  await addSettled(store, 'old_', 900, 2);

  await Promise.all([removeAll(), removeAll()]);

  expect(await countOf('events')).toBe(0);
});

test('old outcomes are removed, and a cursor among them is rejected', async () => {
  const add = (at: Date, count: number) =>
    store.pool.query(
      `INSERT INTO outcomes (project_id, kind, event_id, status, at)
       SELECT $1, 'event.settled', 'e', 'delivered', $2 FROM generate_series(1, $3::int)`,
      [store.project, at, count],
    );
  const all = { projectId: store.project, consumer: null };
  await add(LONG_AGO, 5_001);
  await add(new Date(), 1);
  // Transactions in the databases of other suites delay what is visible on this server.
  const read = async (limit: number) =>
    (await outcomesAfter(store.pool, all, { xid: '0', seq: '0' }, limit)).outcomes;
  await eventually(async () => (await read(5_002)).length === 5_002);
  const [first] = await read(1);

  const batch = await removeOutcomes(store.pool, MONTH_AGO);
  expect(batch).toEqual({ removed: 5_000, next: expect.stringMatching(/^\d+$/) });
  const { removedBelow } = await currentCursor(store.pool);
  // One outcome of the same transaction is left. A cursor at the first one would miss the others unnoticed.
  expect(BigInt(first!.xid)).toBeLessThan(BigInt(removedBelow));

  expect(await removeOutcomes(store.pool, MONTH_AGO, batch.next!)).toEqual({ removed: 1, next: null });
  expect(await removeOutcomes(store.pool, MONTH_AGO)).toEqual({ removed: 0, next: null });
  const [kept] = await read(10);
  expect(BigInt(kept!.xid)).toBeGreaterThanOrEqual(BigInt(removedBelow));
  expect(BigInt((await currentCursor(store.pool)).xid)).toBeGreaterThanOrEqual(BigInt(removedBelow));
});

test('receivers that were marked slow long ago are unmarked', async () => {
  await store.pool.query(
    `INSERT INTO receiver_gates (receiver, project_id, slow_cause, slow_since)
     VALUES ('old', 'prj', 'slow', $1), ('new', 'prj', 'slow', now())`,
    [LONG_AGO],
  );

  expect(await unmarkSlowBefore(store.pool, MONTH_AGO)).toBe(1);
  expect(await store.queryOne('SELECT receiver FROM receiver_gates')).toEqual({ receiver: 'new' });
});
