import { markEndpointDeleted } from '../../../src/store/endpoints/delete-endpoint.ts';
import { recordHeartbeat } from '../../../src/store/processes/processes.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, seedStore } from '../../store/seed.ts';
import {
  createTestReconciler,
  fakeTemporal,
  overdue,
  ownersOf,
  QUICK,
  type TestReconciler,
} from './reconciler-set-up.ts';

let store: SeededStore;
let reconciler: TestReconciler;

beforeEach(async () => {
  store = await seedStore();
  reconciler = createTestReconciler(store);
});
afterEach(async () => {
  await reconciler.close();
  await store.drop();
});

test('the deliveries of a closed or unknown workflow are released, and an open claim stays open', async () => {
  const ids = await overdue(store, 'lost', 3);
  await store.pool.query('UPDATE deliveries SET claimed_at = now(), epoch = 1 WHERE id = $1', [ids[0]]);

  reconciler.start(fakeTemporal());

  await eventually(() => reconciler.actions.length > 0);
  expect(reconciler.actions).toEqual(['released lost 3']);
  expect(await ownersOf(store, ids)).toEqual([null, null, null]);
  expect(await store.deliveryOf(ids[0]!)).toMatchObject({ epoch: 1, claimed_at: expect.any(Date) });
  await eventually(() => reconciler.released === 1);
});

test('deliveries that are not due, or only recently, are not touched', async () => {
  const fresh = await overdue(store, 'fresh', 1, 0);
  const later = await overdue(store, 'later', 1, -60);
  const temporal = fakeTemporal();
  await overdue(store, 'lost');

  reconciler.start(temporal, { ...QUICK, overdueAfterMs: 20_000, startupOverdueAfterMs: 20_000 });

  await eventually(() => reconciler.actions.length === 1);
  expect(temporal.describes).toEqual(['lost']);
  expect(await ownersOf(store, [...fresh, ...later].sort())).toEqual(
    expect.arrayContaining(['fresh', 'later']),
  );
});

test('a running workflow is signalled again for its due deliveries, at intervals', async () => {
  const temporal = fakeTemporal();
  temporal.states.set('busy', 'running');
  const ids = await overdue(store, 'busy', 2);

  reconciler.start(temporal, { ...QUICK, recheckAfterMs: 400 });

  await eventually(() => temporal.signals.length >= 2);
  expect(temporal.signals[0]).toEqual({ workflowId: 'busy', ids });
  expect(temporal.describes.length).toBeLessThan(temporal.signals.length + 3); // with a pass every 20 ms
  expect(await ownersOf(store, ids)).toEqual(['busy', 'busy']);
});

test('a running workflow that could not be signalled is signalled in the next pass', async () => {
  const temporal = fakeTemporal();
  temporal.states.set('busy', 'running');
  temporal.refuses.add('busy');
  const ids = await overdue(store, 'busy');

  reconciler.start(temporal, { ...QUICK, recheckAfterMs: 60_000, startupOverdueAfterMs: 1_000 });
  await eventually(() => reconciler.failures.length > 0);
  temporal.refuses.clear();

  await eventually(() => temporal.signals.length > 0);
  expect(temporal.signals).toEqual([{ workflowId: 'busy', ids }]);
});

test('an unknown state changes nothing', async () => {
  const temporal = fakeTemporal();
  temporal.states.set('unknown', 'unknown');
  const ids = await overdue(store, 'unknown');

  reconciler.start(temporal);

  await eventually(() => temporal.describes.length > 5);
  expect(reconciler.actions).toEqual([]);
  expect(await ownersOf(store, ids)).toEqual(['unknown']);
});

test('a workflow whose task keeps failing is terminated, and its deliveries are released', async () => {
  const temporal = fakeTemporal();
  temporal.states.set('wedged', 'wedged');
  const ids = await overdue(store, 'wedged');
  const startedAt = performance.now();

  reconciler.start(temporal);

  await eventually(() => reconciler.actions.length === 2);
  expect(performance.now() - startedAt).toBeGreaterThan(QUICK.terminateWedgedAfterMs);
  expect(reconciler.actions).toEqual(['terminated wedged 1', 'released wedged 1']);
  expect(await ownersOf(store, ids)).toEqual([null]);
});

test('a workflow on an earlier build that lets deliveries wait is terminated, and they are released', async () => {
  const temporal = fakeTemporal();
  temporal.states.set('outdated', 'outdated');
  const ids = await overdue(store, 'outdated', 2);

  reconciler.start(temporal);

  await eventually(() => reconciler.actions.length === 2);
  expect(reconciler.actions).toEqual(['terminated outdated 2', 'released outdated 2']);
  expect(await ownersOf(store, ids)).toEqual([null, null]);
});

test('a wedged workflow that recovers in between is not terminated', async () => {
  const temporal = fakeTemporal();
  temporal.states.set('unstable', 'wedged');
  await overdue(store, 'unstable');
  const terminateWedgedAfterMs = 5_000;
  reconciler.start(temporal, { ...QUICK, recheckAfterMs: 1, terminateWedgedAfterMs });
  await eventually(() => temporal.describes.length > 0);

  temporal.states.set('unstable', 'running');
  await eventually(() => temporal.signals.length > 0);
  const recoveredAt = performance.now();
  temporal.states.set('unstable', 'wedged');
  await eventually(() => temporal.terminated.length > 0);

  expect(performance.now() - recoveredAt).toBeGreaterThan(terminateWedgedAfterMs - 50);
});

test('a workflow that cannot be signalled does not keep others from being checked', async () => {
  const temporal = fakeTemporal();
  for (let n = 0; n < 40; n++) {
    temporal.states.set(`unreachable-${n}`, 'running');
    temporal.refuses.add(`unreachable-${n}`);
    await overdue(store, `unreachable-${n}`, 1, 60);
  }
  const ids = await overdue(store, 'lost', 1, 10);

  reconciler.start(temporal);

  await eventually(async () => (await ownersOf(store, ids))[0] === null);
  expect(reconciler.failures.length).toBeGreaterThan(0);
});

test('late running workflows do not hide the lost ones behind them', async () => {
  const temporal = fakeTemporal();
  await overdue(store, 'busy', 2_500, 60);
  await store.pool.query(`UPDATE deliveries SET owner = 'busy-' || id`);
  temporal.states.get = (id) => (id.startsWith('busy') ? 'running' : 'closed');
  const ids = await overdue(store, 'lost', 1, 10);

  reconciler.start(temporal, { ...QUICK, recheckAfterMs: 60_000, startupOverdueAfterMs: 1_000 });

  await eventually(async () => (await ownersOf(store, ids))[0] === null);
  expect(temporal.signals).toHaveLength(2_500);
});

test('open deliveries of an endpoint whose deletion is incomplete are cancelled before they are due', async () => {
  const endpoint = await store.newEndpoint();
  const open = (await store.acceptEvent('waits')).ids[0]!;
  const inFlight = (await store.acceptEvent('attempts')).ids[0]!;
  await store.pool.query(`UPDATE deliveries SET due_at = now() + interval '2 hours' WHERE id = $1`, [open]);
  await store.pool.query('UPDATE deliveries SET claimed_at = now() WHERE id = $1', [inFlight]);
  expect(await markEndpointDeleted(store.pool, store.project, null, endpoint)).toBe('deleted');
  // The process dies here.

  reconciler.start(fakeTemporal(), { ...QUICK, startupOverdueAfterMs: 60_000 });

  await eventually(async () => (await store.deliveryOf(open)).status === 'cancelled');
  expect(await store.deliveryOf(open)).toMatchObject({ reason: 'endpoint_deleted' });
  expect(await store.deliveryOf(inFlight)).toMatchObject({
    status: 'pending',
    cancel_reason: 'endpoint_deleted',
  });
  expect(reconciler.cancelled).toEqual(['waits 1']);
  const sweptAt = async () =>
    (await store.queryOne('SELECT deletion_completed_at FROM endpoints')).deletion_completed_at;
  await eventually(async () => (await sweptAt()) !== null);
});

test('unclaimed deliveries that a silent process had assigned are checked within a second, and no others', async () => {
  await recordHeartbeat(store.pool, { id: 'prc_1', role: 'api', host: 'here', pid: 1 });
  await recordHeartbeat(store.pool, { id: 'killed', role: 'api', host: 'there', pid: 2 });
  await recordHeartbeat(store.pool, { id: 'alive', role: 'api', host: 'there', pid: 3 });
  // Living processes would send heartbeats during the test.
  await store.pool.query(
    `UPDATE processes SET heartbeats_continuous_since = now() - interval '1 minute', last_heartbeat_at = now() + interval '4 seconds'`,
  );
  await store.pool.query(
    `UPDATE processes SET last_heartbeat_at = now() - interval '6 seconds' WHERE id = 'killed'`,
  );
  const left = await overdue(store, 'left behind', 2, 2);
  const carried = await overdue(store, 'carried', 1, 2);
  const claimed = await overdue(store, 'claimed', 1, 2);
  const others = await overdue(store, 'of a living process', 1, 2);
  await store.pool.query(
    `UPDATE deliveries SET process_id = CASE WHEN id = $1 THEN 'alive' ELSE 'killed' END`,
    [others[0]],
  );
  await store.pool.query('UPDATE deliveries SET claimed_at = now() WHERE id = $1', [claimed[0]]);
  const temporal = fakeTemporal();
  temporal.states.set('carried', 'running');

  reconciler.start(temporal, { ...QUICK, recheckAfterMs: 60_000, startupOverdueAfterMs: 60_000 });

  await eventually(() => reconciler.actions.length === 2);
  expect(reconciler.actions.sort()).toEqual(['released left behind 2', 'signalled carried 1']);
  expect(await ownersOf(store, left)).toEqual([null, null]);
  expect(await ownersOf(store, [...carried, ...claimed, ...others])).toEqual(
    expect.arrayContaining(['carried', 'claimed', 'of a living process']),
  );
});

test('a workflow that failed with open deliveries is reported with the type of its failure', async () => {
  const temporal = fakeTemporal();
  temporal.states.set('broken', 'failed');
  temporal.failures.set('broken', 'Nondeterminism');
  const ids = await overdue(store, 'broken', 2);

  reconciler.start(temporal);

  await eventually(() => reconciler.failed.length === 1);
  expect(reconciler.failed).toEqual(['broken Nondeterminism 2']);
  expect(await ownersOf(store, ids)).toEqual([null, null]);
});
