import { createRetention } from '../../../src/background/retention.ts';
import { retryDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { removeOutcomes, removeSettledEvents } from '../../../src/store/events/retention.ts';
import { currentCursor, outcomesAfter } from '../../../src/store/outcomes/outcomes.ts';
import { unmarkSlowBefore } from '../../../src/store/receivers/gates/slow-receivers.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

const LONG_AGO = new Date(Date.now() - 40 * 86_400_000);
const MONTH_AGO = new Date(Date.now() - 30 * 86_400_000);

/** Inserts settled events of an age, whose deliveries have one attempt each. */
async function addSettled(
  prefix: string,
  events: number,
  deliveries: number,
  createdAt = LONG_AGO,
): Promise<void> {
  await store.pool.query(
    `WITH event AS (
       INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                           delivery_count, open_count, delivered_count, created_at, settled_at)
       SELECT $1, $2 || n, 'a.b', '{}', '{}', '{}', '', 'standard-webhooks', 1, 'delivered', $4, 0, $4, $5, $5
       FROM generate_series(1, $3::int) AS n RETURNING id
     ), delivery AS (
       INSERT INTO deliveries (id, project_id, event_id, receiver, policy, status, attempts, epoch, created_at, settled_at)
       SELECT event.id || '_' || n, $1, event.id, 'r', '{"delays":[],"timeout":1,"jitter":0}', 'delivered', 1, 1, $5, $5
       FROM event, generate_series(1, $4::int) AS n RETURNING id
     )
     INSERT INTO attempts (delivery_id, epoch, number, step, trigger, started_at, duration_ms, outcome)
     SELECT id, 1, 1, 0, 'schedule', $5, 1, 'delivered' FROM delivery`,
    [store.project, prefix, events, deliveries, createdAt],
  );
}

const countOf = async (table: string): Promise<number> =>
  (await store.queryOne<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).n;

test('settled events are removed in small batches with their deliveries and attempts, and newer ones stay', async () => {
  await addSettled('old_', 1_200, 2);
  await addSettled('young_', 10, 1, new Date());

  const removed: number[] = [];
  do removed.push(await removeSettledEvents(store.pool, MONTH_AGO));
  while (removed.at(-1)! > 0);

  expect(removed).toEqual([500, 500, 200, 0]);
  expect([await countOf('events'), await countOf('deliveries'), await countOf('attempts')]).toEqual([
    10, 10, 10,
  ]);
});

test('an event with very many deliveries is removed in a batch of its own, and does not block others', async () => {
  await addSettled('wide_', 2, 5_000);
  await addSettled('narrow_', 5, 1, new Date(LONG_AGO.getTime() + 1));

  expect(await removeSettledEvents(store.pool, MONTH_AGO)).toBe(1);
  expect(await removeSettledEvents(store.pool, MONTH_AGO)).toBe(1);
  expect(await removeSettledEvents(store.pool, MONTH_AGO)).toBe(5);
});

test('an event with an open delivery is never removed', async () => {
  await store.newEndpoint();
  await store.acceptEvent(null, { createdAt: LONG_AGO });

  expect(await removeSettledEvents(store.pool, MONTH_AGO)).toBe(0);
  expect(await countOf('deliveries')).toBe(1);
});

test('a manual retry during the removal of its event never leaves a part of the event', async () => {
  await addSettled('old_', 100, 1);

  const [removed, ...responses] = await Promise.all([
    removeSettledEvents(store.pool, MONTH_AGO),
    ...Array.from({ length: 8 }, (_, n) => retryDelivery(store.pool, store.project, null, `old_${n + 1}_1`)),
  ]);

  const kept = responses.filter(({ result }) => result.kind === 'replayed').length;
  expect(responses.filter(({ result }) => result.kind === 'not_found')).toHaveLength(8 - kept);
  expect(removed).toBe(100 - kept);
  expect(await countOf('events')).toBe(kept);
  expect(await countOf('deliveries')).toBe(2 * kept);
});

test('two processes can remove events at the same time', async () => {
  await addSettled('old_', 900, 2);

  for (let left = true; left; ) {
    const both = [removeSettledEvents(store.pool, MONTH_AGO), removeSettledEvents(store.pool, MONTH_AGO)];
    left = (await Promise.all(both)).some((removed) => removed > 0);
  }

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

  expect(await removeOutcomes(store.pool, MONTH_AGO)).toBe(5_000);
  const { removedBelow } = await currentCursor(store.pool);
  // One outcome of the same transaction is left. A cursor at the first one would miss the others unnoticed.
  expect(BigInt(first!.xid)).toBeLessThan(BigInt(removedBelow));

  expect(await removeOutcomes(store.pool, MONTH_AGO)).toBe(1);
  expect(await removeOutcomes(store.pool, MONTH_AGO)).toBe(0);
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

test('a process whose clock is 40 days ahead removes only what is old by Postgres’s clock', async () => {
  await addSettled('old_', 3, 1);
  await addSettled('young_', 4, 1, new Date());
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 40 * 86_400_000);
  const failures: unknown[] = [];
  const retention = createRetention({
    statisticsAgeMs: 400 * 86_400_000,
    pool: store.pool,
    ageMs: 30 * 86_400_000,
    audit: { ageMs: 30 * 86_400_000, shares: { ofProject: 1_000, ofConsumer: 100 } },
    intervalMs: 10,
    onFailure: (error) => failures.push(error),
  });

  await eventually(async () => (await countOf('events')) < 7);
  await retention.close();
  jest.restoreAllMocks();

  expect(failures).toEqual([]);
  expect(await countOf('events')).toBe(4);
});

test('a step that fails does not keep the others from running, and is reported once', async () => {
  const old = `now() - interval '40 days'`;
  await addSettled('old_', 1, 1);
  await store.pool.query(
    `INSERT INTO bulk_jobs (id, kind, project_id, started_by, filter, policy, status, started_at, ended_at)
     VALUES ('rec_1', 'recover_failed', $1, 'admin', '{}', '{}', 'done', ${old}, ${old})`,
    [store.project],
  );
  // The first of all steps.
  await store.pool.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'this event stays'; END $$;
    CREATE TRIGGER refuse BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse()`);
  const failures: unknown[] = [];
  const retention = createRetention({
    pool: store.pool,
    ageMs: 30 * 86_400_000,
    audit: { ageMs: 30 * 86_400_000, shares: { ofProject: 1_000, ofConsumer: 100 } },
    statisticsAgeMs: 400 * 86_400_000,
    intervalMs: 10,
    onFailure: (error) => failures.push(error),
  });
  await eventually(async () => (await countOf('bulk_jobs')) === 0);
  await store.pool.query('DROP TRIGGER refuse ON events');
  await eventually(async () => (await countOf('events')) === 0);
  await retention.close();

  expect(failures).toEqual([expect.objectContaining({ message: 'this event stays' })]);
});
