import { type Allowance, allowanceOf } from '../../../src/policy/pacing.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { removeOutdatedFirstAttempts } from '../../../src/store/deliveries/assigned-deliveries.ts';
import { assignDue, nextProjectDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import {
  type Allowed,
  assignPermitted,
  assignRestricted,
} from '../../../src/store/deliveries/assignments/assign-restricted.ts';
import { moveOverdue } from '../../../src/store/deliveries/assignments/move-overdue.ts';
import {
  restrictedProjectsWaiting,
  restrictedReceiversAmong,
  restrictedReceiversWaiting,
} from '../../../src/store/deliveries/assignments/restricted-receivers.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { oldestUnattemptedSeconds, retriesWaiting } from '../../../src/store/deliveries/gauges.ts';
import { orphanedOwners, overdueOwners } from '../../../src/store/deliveries/reconciliation.ts';
import { updateHeldBatch } from '../../../src/store/deliveries/resync-held.ts';
import { cancelOpenDeliveries } from '../../../src/store/endpoints/delete-endpoint.ts';
import { matchEndpoints } from '../../../src/store/events/accept/match-endpoints.ts';
import { outcomesAfter } from '../../../src/store/outcomes/outcomes.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import { deliveriesInFlight } from '../../../src/store/processes/in-flight.ts';
import { findLostProcesses } from '../../../src/store/processes/processes.ts';
import { countDue, endDrains } from '../../../src/store/receivers/gates/drain.ts';
import { lockGatesOf } from '../../../src/store/receivers/gates/gates.ts';
import { markHealthy, markSlow } from '../../../src/store/receivers/gates/slow-receivers.ts';
import { headsOf } from '../../../src/store/receivers/order/order.ts';
import { readOrder } from '../../../src/store/receivers/order/read-order.ts';
import type { BulkFilter } from '../../../src/store/recoveries/bulk-filter.ts';
import { dismissFitting } from '../../../src/store/recoveries/dismissals.ts';
import { findFailures } from '../../../src/store/recoveries/failures.ts';
import type { JobKind, JobScope } from '../../../src/store/recoveries/job-row.ts';
import { countNext, takeNext } from '../../../src/store/recoveries/look.ts';
import { eventually } from '../../set-up/eventually.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';
import { explainQueries, type PlanMode } from './explain.ts';

/** The most 8 kB pages that a statement may read: enough for the rows that it returns, not for those beside them. */
const MANY_PAGES = 3_000;
const BLACK_HOLE = 'ep_black_hole';
const BACKLOG = 20_000;
const ORDERED = 'ep_ordered';
const IN_ORDER_BACKLOG = 5_000;
const IN_ORDER = { ...allowanceOf(null, 1, 0), permits: 50, ordered: true };

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
  for (let last = 30_000; last <= 150_000; last += 30_000)
    await insert(`
      SELECT 'dlv_0a' || n, '${store.project}', 'evt_' || 1 + n % 1000, 'ep_' || n % 50, 'ep_' || n % 50, '${policy}', 'fast',
             'delivered', 'event/' || n, NULL, now(), now() - interval '1 day'
      FROM generate_series(${last - 29_999}, ${last}) AS n`);
  await insert(`
    SELECT 'dlv_0b' || n, '${store.project}', 'evt_' || 1 + n % 1000, 'ep_' || n % 50, 'ep_' || n % 50, '${policy}', 'restricted',
           'retrying', 'event/' || n, now() + n * interval '1 second', NULL, now()
    FROM generate_series(1, 30000) AS n`);
  await insert(`
    SELECT 'dlv_0c' || n, '${store.project}', 'evt_' || 1 + n % 1000, '${BLACK_HOLE}', '${BLACK_HOLE}', '${policy}', 'fast',
           'pending', NULL, now() - n * interval '1 millisecond', NULL, now()
    FROM generate_series(1, ${BACKLOG}) AS n`);
  await insert(`
    SELECT 'dlv_0d' || n, '${quiet}', 'evt_' || n, NULL, 'healthy', '${policy}', 'fast', 'pending', NULL, now(), NULL, now()
    FROM generate_series(1, 300) AS n`);
  await insert(`
    SELECT 'dlv_f' || n, '${quiet}', 'evt_' || n, NULL, 'healthy', '${policy}', 'fast', 'pending', 'event/' || n, now(), NULL, now()
    FROM generate_series(1, 100) AS n`);
  await store.pool.query(
    `INSERT INTO assigned_first_attempts (delivery_id) SELECT 'dlv_f' || n FROM generate_series(1, 100) AS n`,
  );
  await store.pool.query(
    `INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, policy, lane, status, due_at, created_at, sequence,
                             ordered)
     SELECT 'dlv_o' || n, '${store.project}', 'evt_' || 1 + n % 1000, '${ORDERED}', '${ORDERED}', '${policy}', 'restricted',
            'pending', now() + (CASE WHEN n = 1 THEN interval '1 hour' ELSE interval '0' END), now(), n, true
     FROM generate_series(1, ${IN_ORDER_BACKLOG}) AS n`,
  );
  await store.pool.query('ANALYZE');
});
afterAll(() => store.drop());

const explain = (run: (db: Queryable) => Promise<unknown>, mode?: PlanMode) =>
  explainQueries(store.pool, run, mode);

const allowed = (receiver: string, allowance: Allowance): Allowed => ({
  receiver,
  projectId: store.project,
  allowance,
});
const ASSIGN = { maxDeliveries: 100, minDeliveries: 1, uuid: 'one' };
const statements: [string, (db: Queryable) => Promise<unknown>][] = [
  ['finding the next project', (db) => nextProjectDue(db, '')],
  ['moving what is overdue', (db) => moveOverdue(db, quiet)],
  ['counting a backlog', (db) => countDue(db, [{ receiver: BLACK_HOLE, projectId: store.project }], 21)],
  ['ending drains', endDrains],
  ['assigning from a backlog', (db) => assignDue(db, store.project, { ...ASSIGN, grouping: true })],
  ['assigning one event of a backlog', (db) => assignDue(db, store.project, { ...ASSIGN, grouping: false })],
  [
    'assigning for another project than that of the backlog',
    (db) => assignDue(db, quiet, { ...ASSIGN, grouping: true }),
  ],
  [
    'assigning restricted ones',
    (db) =>
      assignPermitted(db, new Date().toISOString(), [allowed(BLACK_HOLE, allowanceOf(null, 32, 1_000))], {
        maxDeliveries: 100,
        grouping: true,
        uuid: 'one',
      }),
  ],
  [
    'assigning for an ordered receiver behind a head that is not due',
    (db) =>
      assignPermitted(db, new Date().toISOString(), [allowed(ORDERED, IN_ORDER)], {
        maxDeliveries: 100,
        grouping: true,
        uuid: 'one',
        completeSequence: BACKLOG,
        maxInLine: 50,
      }),
  ],
  ['finding heads', (db) => headsOf(db, [ORDERED])],
  ['reading the queue of an ordered endpoint', (db) => readOrder(db, ORDERED)],
  ['locking gates', (db) => lockGatesOf(db, [BLACK_HOLE], { skipLocked: true })],
  [
    'finding restricted receivers among some',
    (db) =>
      restrictedReceiversAmong(
        db,
        [ORDERED, 'ep_1'].map((receiver) => ({ receiver, projectId: store.project })),
      ),
  ],
  ['finding projects with restricted receivers', (db) => restrictedProjectsWaiting(db, '', 200)],
  [
    'finding restricted receivers',
    (db) => restrictedReceiversWaiting(db, [{ projectId: store.project, after: '' }], 200),
  ],
  ['counting deliveries in flight', (db) => deliveriesInFlight(db)],
  ['claiming', (db) => claimDeliveries(db, 'event/1', [{ id: 'dlv_0b1', step: 0 }])],
  ['finding overdue owners', (db) => overdueOwners(db, 60_000, 2_000)],
  ['finding orphaned owners', (db) => orphanedOwners(db, ['prc_1'], 2_000, ['event/1'])],
  ['finding the open claims of a lost process', (db) => findLostProcesses(db, 'prc_1')],
  [
    'the outcomes',
    (db) => outcomesAfter(db, { projectId: quiet, consumer: null }, { xid: '0', seq: '0' }, 500),
  ],
  ['removing outdated first attempts', (db) => removeOutdatedFirstAttempts(db)],
];

test.each(statements)('among 200,000 deliveries %s reads only what it needs', async (_, run) => {
  for (const mode of ['force_generic_plan', 'force_custom_plan'] as const) {
    const { bufferPages, seqScannedTables } = await explain(run, mode);
    expect(seqScannedTables).not.toContain('deliveries');
    expect(bufferPages).toBeLessThan(MANY_PAGES);
  }
});

test('finding the oldest unattempted delivery reads those that are open, and not the settled ones', async () => {
  for (const mode of ['force_generic_plan', 'force_custom_plan'] as const) {
    const { bufferPages, seqScannedTables } = await explain(oldestUnattemptedSeconds, mode);
    expect(seqScannedTables).not.toContain('deliveries');
    expect(bufferPages).toBeLessThan(2 * MANY_PAGES);
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
     SELECT 'dlv_0e' || n, $1, 'evt_1', 'ep_' || n % 2, 'ep_' || n % 2, $2, 'held', 'endpoint_paused', now()
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
    const rest = await explain((db) => updateHeldBatch(db, 'ep_1', 'plan', 'dlv_0e9999'), mode);
    expect(rest.bufferPages).toBeLessThan(20);
  }
});

/** The ids of this test have times in the distant future. */
const bulkFilter = (endpoint: string | null): BulkFilter => ({
  ...{ endpoint, consumer: null, type: null, outcome: null, statusCode: null },
  errorCode: null,
  ...{ since: new Date(0), until: new Date('9000-01-01'), eventsSince: null },
});

test('grouping failures and dismissing them read what needs attention, and not the other deliveries', async () => {
  for (const mode of ['force_generic_plan', 'force_custom_plan'] as const) {
    const groups = await explain((db) => findFailures(db, store.project, bulkFilter('ep_1'), null), mode);
    expect(groups.seqScannedTables).not.toContain('deliveries');
    // One for each of the 30,000 that are retrying, and no more.
    expect(groups.bufferPages).toBeLessThan(35_000);
    const none = await explain((db) => findFailures(db, quiet, bulkFilter(null), null), mode);
    expect(none.bufferPages).toBeLessThan(20);
    // None of the 30,000 is a consumer's.
    const ofConsumer = { ...bulkFilter(null), consumer: 'acme' };
    const own = await explain((db) => findFailures(db, store.project, ofConsumer, null), mode);
    expect(own.bufferPages).toBeLessThan(20);
    const batch = await explain((db) => dismissFitting(db, store.project, bulkFilter('ep_1'), ''), mode);
    expect(batch.seqScannedTables).not.toContain('deliveries');
    expect(batch.bufferPages).toBeLessThan(6_000);
  }
});

const PAGE = { rows: 2_500, most: 500 };
// The rows that are looked at are read for those that fit, and once more for the last one.
const jobs: [string, JobKind, string | null, number][] = [
  ['failed deliveries', 'recover_failed', null, 5_500],
  ['open deliveries', 'cancel', null, 5_500],
  ['open deliveries to an endpoint', 'cancel', 'ep_1', 8_000],
  // All deliveries of each event are looked at, up to 20,000.
  ['missing events', 'recover_missing', 'ep_missing', 30_000],
];

test.each(jobs)('a page of a job over %s reads no more than its rows', async (_, kind, endpoint, pages) => {
  await store.pool.query(
    `INSERT INTO endpoints (id, project_id, url, events, secrets)
     VALUES ('ep_missing', $1, 'http://127.0.0.1:9/', '{*}', '\\x00') ON CONFLICT DO NOTHING`,
    [store.project],
  );
  const { project: projectId } = store;
  const job: JobScope = { kind, projectId, filter: bulkFilter(endpoint), deliveryIds: null };
  for (const mode of ['force_generic_plan', 'force_custom_plan'] as const) {
    for (const look of [
      (db: Queryable) => takeNext(db, job, '', PAGE),
      (db: Queryable) => countNext(db, job, '', PAGE.rows),
    ]) {
      const { seqScannedTables, bufferPages } = await explain(look, mode);
      expect(seqScannedTables).not.toContain('deliveries');
      expect(seqScannedTables).not.toContain('events');
      expect({ mode, tooMany: bufferPages > pages ? bufferPages : 0 }).toEqual({ mode, tooMany: 0 });
    }
  }
});

test("a page of a recovery of a consumer reads none of others' failures", async () => {
  const filter = { ...bulkFilter(null), consumer: 'acme' };
  const job: JobScope = { kind: 'recover_failed', projectId: store.project, filter, deliveryIds: null };
  for (const mode of ['force_generic_plan', 'force_custom_plan'] as const)
    expect((await explain((db) => takeNext(db, job, '', PAGE), mode)).bufferPages).toBeLessThan(20);
});

test('a page of a job takes what fits', async () => {
  const { project: projectId } = store;
  const take = (kind: JobKind, endpoint: string | null) =>
    takeNext(
      store.pool,
      { kind, projectId, filter: bulkFilter(endpoint), deliveryIds: null },
      'dlv_0b',
      PAGE,
    );
  expect((await take('cancel', 'ep_1')).items).toHaveLength(500);
  expect(await take('recover_failed', null)).toMatchObject({ items: [] });
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

test('the backlog of a receiver that becomes slow moves to the restricted lane, and back when the receiver is healthy', async () => {
  const lanes = async () =>
    (
      await store.pool.query(
        'SELECT lane, count(*)::int AS n FROM deliveries WHERE receiver = $1 GROUP BY lane',
        [BLACK_HOLE],
      )
    ).rows;

  await markSlow(store.pool, BLACK_HOLE, store.project, 'slow');
  expect(await lanes()).toEqual([{ lane: 'restricted', n: BACKLOG }]);
  expect(await nextProjectDue(store.pool, '')).toEqual({ projectId: quiet, isOverdue: false });

  const blackHole = {
    receiver: BLACK_HOLE,
    projectId: store.project,
    dueForMs: 1_000,
    isDue: true,
    isOverdue: false,
    isOrdered: false,
  };
  const taken = await Promise.all(
    ['a', 'b', 'c', 'd'].map((uuid) =>
      assignRestricted(store.pool, [blackHole], {
        maxPerReceiver: 32,
        drainRate: 20,
        maxDeliveries: 100,
        grouping: true,
        uuid,
      }),
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
    { lane: 'restricted', n: 32 },
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
