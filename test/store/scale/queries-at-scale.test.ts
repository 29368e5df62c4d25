import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { assignDue, nextProjectDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { assignSlow, slowReceiversWaiting } from '../../../src/store/deliveries/assignments/assign-slow.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { oldestUnattemptedSeconds, retriesWaiting } from '../../../src/store/deliveries/gauges.ts';
import { orphanedOwners, overdueOwners } from '../../../src/store/deliveries/reconciliation.ts';
import { updateHeldBatch } from '../../../src/store/deliveries/resync-held.ts';
import { cancelOpenDeliveries } from '../../../src/store/endpoints/delete-endpoint.ts';
import { markHealthy, markSlow } from '../../../src/store/endpoints/receiver-health.ts';
import { matchEndpoints } from '../../../src/store/events/match-receivers.ts';
import { outcomesAfter } from '../../../src/store/outcomes/outcomes.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import { deliveriesInFlight } from '../../../src/store/processes/in-flight.ts';
import { findLostProcesses } from '../../../src/store/processes/processes.ts';
import { eventually } from '../../set-up/eventually.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';
import { explainQueries, type PlanMode } from './explain.ts';

/** The most 8 kB pages that a statement may read: enough for the rows that it returns, not for those beside them. */
const MANY_PAGES = 3_000;
const BLACK_HOLE = 'ep_black_hole';
const BACKLOG = 20_000;

let store: SeededStore;
let quiet: string;

beforeAll(async () => {
  store = await seedStore();
  quiet = await store.newProject();
  const insert = (select: string) =>
    store.pool.query(`INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, policy, lane, status, owner,
                                              due_at, settled_at, created_at) ${select}`);
  const policy = serializePolicy(POLICY);
  for (const project of [store.project, quiet]) {
    await store.pool.query(
      `INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                           delivery_count, open_count, created_at)
       SELECT $1, 'evt_' || n, 'a.b', '{}', '{}', '{}', '', 'standard-webhooks', 1, 'pending', 200, 200, now()
       FROM generate_series(1, 1000) AS n`,
      [project],
    );
  }
  // A month of settled deliveries, assigned retries that are not due, and the backlog of one receiver.
  await insert(`
    SELECT 'dlv_a' || n, '${store.project}', 'evt_' || 1 + n % 1000, 'ep_' || n % 50, 'ep_' || n % 50, '${policy}', 'fast',
           'delivered', 'event/' || n, NULL, now(), now() - interval '1 day'
    FROM generate_series(1, 150000) AS n`);
  await insert(`
    SELECT 'dlv_b' || n, '${store.project}', 'evt_' || 1 + n % 1000, 'ep_' || n % 50, 'ep_' || n % 50, '${policy}', 'slow',
           'retrying', 'event/' || n, now() + n * interval '1 second', NULL, now()
    FROM generate_series(1, 30000) AS n`);
  await insert(`
    SELECT 'dlv_c' || n, '${store.project}', 'evt_' || 1 + n % 1000, '${BLACK_HOLE}', '${BLACK_HOLE}', '${policy}', 'fast',
           'pending', NULL, now() - n * interval '1 millisecond', NULL, now()
    FROM generate_series(1, ${BACKLOG}) AS n`);
  await insert(`
    SELECT 'dlv_d' || n, '${quiet}', 'evt_' || n, NULL, 'healthy', '${policy}', 'fast', 'pending', NULL, now(), NULL, now()
    FROM generate_series(1, 300) AS n`);
  await store.pool.query('ANALYZE');
}, 60_000);
afterAll(() => store.drop());

const explain = (run: (db: Queryable) => Promise<unknown>, mode?: PlanMode) =>
  explainQueries(store.pool, run, mode);

const ASSIGN = { maxDeliveries: 100, minDeliveries: 1, uuid: 'one' };
const statements: [string, (db: Queryable) => Promise<unknown>][] = [
  ['finding the next project', (db) => nextProjectDue(db, '')],
  ['assigning from a backlog', (db) => assignDue(db, store.project, { ...ASSIGN, grouping: true })],
  ['assigning one event of a backlog', (db) => assignDue(db, store.project, { ...ASSIGN, grouping: false })],
  [
    'assigning for another project than that of the backlog',
    (db) => assignDue(db, quiet, { ...ASSIGN, grouping: true }),
  ],
  [
    'assigning slow ones',
    (db) =>
      assignSlow(db, [BLACK_HOLE], { maxPerReceiver: 32, maxDeliveries: 100, grouping: true, uuid: 'one' }),
  ],
  ['finding slow receivers', (db) => slowReceiversWaiting(db, '', 200)],
  ['counting deliveries in flight', (db) => deliveriesInFlight(db)],
  ['claiming', (db) => claimDeliveries(db, 'event/1', [{ id: 'dlv_b1', step: 0 }])],
  ['finding overdue owners', (db) => overdueOwners(db, 60_000, 2_000)],
  ['finding orphaned owners', (db) => orphanedOwners(db, ['prc_1'], 2_000, ['event/1'])],
  ['finding the open claims of a lost process', (db) => findLostProcesses(db, 'prc_1')],
  [
    'the outcomes',
    (db) => outcomesAfter(db, { projectId: quiet, consumer: null }, { xid: '0', seq: '0' }, 500),
  ],
  ['finding the oldest unattempted delivery', (db) => oldestUnattemptedSeconds(db)],
];

test.each(statements)('among 200,000 deliveries %s reads only what it needs', async (_, run) => {
  for (const mode of ['force_generic_plan', 'force_custom_plan'] as const) {
    const { bufferPages, seqScannedTables } = await explain(run, mode);
    expect(seqScannedTables).not.toContain('deliveries');
    expect(bufferPages).toBeLessThan(MANY_PAGES);
  }
});

test('among 50,000 endpoints of a project a hundred events read only the endpoints of their consumers', async () => {
  await store.pool.query(
    `INSERT INTO endpoints (id, project_id, consumer, url, events, secrets)
     SELECT 'ep_scale_' || n, $1, CASE WHEN n > 10 THEN 'consumer-' || n % 10000 END, 'http://127.0.0.1:9/', '{*}', '\\x00'
     FROM generate_series(1, 50000) AS n`,
    [store.project],
  );
  await store.pool.query('ANALYZE endpoints');
  const ofConsumers = Array.from({ length: 100 }, (_, n) => store.draft({ consumer: `consumer-${n + 11}` }));
  const ofNone = Array.from({ length: 100 }, () => store.draft());

  for (const mode of ['force_generic_plan', 'force_custom_plan'] as const) {
    for (const drafts of [ofConsumers, ofNone]) {
      const { bufferPages, seqScannedTables } = await explain(
        (db) => matchEndpoints(db, drafts, 100_000),
        mode,
      );
      expect(seqScannedTables).not.toContain('endpoints');
      // And one for the health of each of the thousand receivers, which the index answers.
      expect(bufferPages).toBeLessThan(MANY_PAGES + 1_000);
    }
  }
  expect(await matchEndpoints(store.pool, ofConsumers, 100_000)).toHaveLength(500);
  expect(await matchEndpoints(store.pool, [...ofNone, ...ofConsumers.slice(0, 1)], 100_000)).toHaveLength(
    1_005,
  );
});

test('releasing the held deliveries of an endpoint reads only these', async () => {
  await store.pool.query(
    `INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, policy, status, waiting_for, created_at)
     SELECT 'dlv_e' || n, $1, 'evt_1', 'ep_' || n % 2, 'ep_' || n % 2, $2, 'held', 'endpoint_paused', now()
     FROM generate_series(1, 2400) AS n`,
    [store.project, serializePolicy(POLICY)],
  );
  await store.pool.query('ANALYZE deliveries');
  for (const mode of ['force_generic_plan', 'force_custom_plan'] as const) {
    const { seqScannedTables } = await explain((db) => updateHeldBatch(db, 'ep_1', null, ''), mode);
    expect(seqScannedTables).not.toContain('deliveries');
    const nothing = await explain((db) => updateHeldBatch(db, 'ep_7', null, ''), mode);
    expect(nothing.bufferPages).toBeLessThan(20);
    // Deliveries whose reason was updated stay in the index, and must not be read again for each batch.
    const rest = await explain((db) => updateHeldBatch(db, 'ep_1', 'plan', 'dlv_e9999'), mode);
    expect(rest.bufferPages).toBeLessThan(20);
  }
});

test('counting the waiting retries reads only their index', async () => {
  expect((await explain(retriesWaiting)).seqScannedTables).not.toContain('deliveries');
});

test('the stream of a quiet consumer scans 300,000 outcomes of others only once', async () => {
  await store.pool.query(
    `INSERT INTO outcomes (project_id, consumer, kind, event_id, status)
     SELECT $1, 'busy', 'event.settled', 'evt_' || n, 'delivered' FROM generate_series(1, 300000) AS n`,
    [quiet],
  );
  await store.pool.query('ANALYZE outcomes');
  const ofQuiet = { projectId: quiet, consumer: 'quiet' };
  let position = { xid: '0', seq: '0' };
  const look = async () => {
    const { outcomes, next } = await outcomesAfter(store.pool, ofQuiet, position, 500);
    expect(outcomes).toEqual([]);
    position = next;
  };
  const pagesOfOne = async () =>
    (await explain((db) => outcomesAfter(db, ofQuiet, position, 500))).bufferPages;
  // The last outcomes become visible when all older transactions on this server have ended.
  await eventually(async () => (await pagesOfOne()) > 50);
  let looks = 0;
  await eventually(async () => {
    expect(await pagesOfOne()).toBeLessThan(MANY_PAGES);
    await look();
    looks += 1;
    return (await pagesOfOne()) < 10;
  }, 60_000);
  expect(looks).toBeGreaterThanOrEqual(300_000 / 5_000);

  await store.pool.query(
    `INSERT INTO outcomes (project_id, consumer, kind, event_id, status) VALUES ($1, 'quiet', 'event.settled', 'e', 'delivered')`,
    [quiet],
  );
  await eventually(async () => {
    const { outcomes, next } = await outcomesAfter(store.pool, ofQuiet, position, 500);
    position = next;
    return outcomes.length === 1;
  });
});

test('the backlog of a receiver that becomes slow moves to the slow lane, and back when the receiver is healthy', async () => {
  const lanes = async () =>
    (
      await store.pool.query(
        'SELECT lane, count(*)::int AS n FROM deliveries WHERE receiver = $1 GROUP BY lane',
        [BLACK_HOLE],
      )
    ).rows;

  await markSlow(store.pool, BLACK_HOLE, store.project, 'slow');
  expect(await lanes()).toEqual([{ lane: 'slow', n: BACKLOG }]);
  expect(await nextProjectDue(store.pool, '')).toBe(quiet);

  const taken = await Promise.all(
    ['a', 'b', 'c', 'd'].map((uuid) =>
      assignSlow(store.pool, [BLACK_HOLE], { maxPerReceiver: 32, maxDeliveries: 100, grouping: true, uuid }),
    ),
  );
  expect(taken.flatMap((one) => one?.deliveries ?? [])).toHaveLength(32);
  for (const [, run] of statements) {
    const { bufferPages, seqScannedTables } = await explain(run);
    expect(seqScannedTables).not.toContain('deliveries');
    expect(bufferPages).toBeLessThan(MANY_PAGES);
  }

  await markHealthy(store.pool, BLACK_HOLE, store.project);
  expect(await lanes()).toEqual([
    { lane: 'fast', n: BACKLOG - 32 },
    { lane: 'slow', n: 32 },
  ]);
});

test('the open deliveries of an endpoint are cancelled in batches of 500, with an outcome for each event', async () => {
  let batches = 0;
  for (let next: string | null = ''; next !== null; batches++) {
    ({ next } = await cancelOpenDeliveries(store.pool, BLACK_HOLE, next));
  }

  expect(batches).toBe(BACKLOG / 500 + 1);
  const { open, recorded } = await store.queryOne(
    `SELECT (SELECT count(*)::int FROM deliveries WHERE endpoint_id = $1 AND settled_at IS NULL) AS open,
            (SELECT count(*)::int FROM outcomes WHERE kind = 'delivery.cancelled') AS recorded`,
    [BLACK_HOLE],
  );
  expect({ open, recorded }).toEqual({ open: 0, recorded: BACKLOG });
});
