import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { sweepDeletedEndpoints } from '../../../src/dispatch/background/endpoint-sweep.ts';
import {
  createReconciler,
  RECONCILER_TIMES,
  type ReconcilerTimes,
} from '../../../src/dispatch/background/reconciler.ts';
import { markEndpointDeleted } from '../../../src/store/endpoints/delete-endpoint.ts';
import { acceptEvents } from '../../../src/store/events/accept-events.ts';
import { recordHeartbeat } from '../../../src/store/processes/processes.ts';
import type { WorkflowState } from '../../../src/temporal/gateway.ts';
import { eventually } from '../../set-up/eventually.ts';
import { SECRET, type SeededStore, secretBox, seedStore } from '../../store/scale/seed.ts';

const QUICK: ReconcilerTimes = {
  renewIntervalMs: 20,
  leaseDurationMs: 1_000,
  passIntervalMs: 20,
  silentCheckIntervalMs: 20,
  overdueAfterMs: 100,
  startupOverdueAfterMs: 100,
  startupMs: 60_000,
  terminateWedgedAfterMs: 300,
  sweepIntervalMs: 200,
  startupSweepIntervalMs: 200,
  stuckAfterMs: 500,
  stepDownMs: 200,
};

let store: SeededStore;
let actions: string[];
let failures: unknown[];
let released: number;
let cancelled: string[];
let failed: string[];
let leading: string[];
const running: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  store = await seedStore();
  actions = [];
  failures = [];
  released = 0;
  cancelled = [];
  failed = [];
  leading = [];
});
afterEach(async () => {
  for (const reconciler of running.splice(0)) await reconciler.close();
  await store.drop();
});

type FakeTemporal = {
  states: Map<string, WorkflowState>;
  describes: string[];
  signals: { workflowId: string; ids: string[] }[];
  terminated: string[];
  refuses: Set<string>;
  delayMs: number;
  failures: Map<string, string>;
  isAway: boolean;
};
const fakeTemporal = (): FakeTemporal => ({
  states: new Map(),
  describes: [],
  signals: [],
  terminated: [],
  refuses: new Set(),
  delayMs: 0,
  failures: new Map(),
  isAway: false,
});

function reconcile(
  temporal: FakeTemporal,
  times = QUICK,
  { processId = 'prc_1', pool = store.pool }: { processId?: string; pool?: pg.Pool } = {},
): { close(): Promise<void> } {
  const sweep = {
    pool: store.pool,
    onCancelled: ({ owner, ids }: { owner: string; ids: string[] }) =>
      cancelled.push(`${owner} ${ids.length}`),
    onOutcomes: () => {},
  };
  const reconciler = createReconciler({
    pool,
    leaseDb: pool,
    processId,
    temporal: () =>
      temporal.isAway
        ? null
        : {
            stateOf: async (id) => {
              temporal.describes.push(id);
              if (temporal.delayMs) await sleep(temporal.delayMs);
              return temporal.states.get(id) ?? 'closed';
            },
            failureOf: async (id) => temporal.failures.get(id)!,
            retryNow: async (workflowId, ids) => {
              if (temporal.refuses.has(workflowId)) throw new Error('no');
              temporal.signals.push({ workflowId, ids });
            },
            terminate: async (id) => {
              if (temporal.refuses.has(id)) throw new Error('no');
              temporal.terminated.push(id);
              temporal.states.set(id, 'closed');
            },
          },
    sweepEndpoints: (ageMs) => sweepDeletedEndpoints(sweep, ageMs),
    onReleased: () => released++,
    onAction: (action, workflowId, deliveries) => actions.push(`${action} ${workflowId} ${deliveries}`),
    onWorkflowFailed: (workflowId, failure, deliveries) =>
      failed.push(`${workflowId} ${failure} ${deliveries}`),
    onLeadershipChange: (leads) => leading.push(`${processId} ${leads ? 'leads' : 'does not lead'}`),
    onFailure: (error) => failures.push(error),
    times,
  });
  running.push(reconciler);
  return reconciler;
}

/** Deliveries of a workflow, due for some seconds. */
async function overdue(owner: string, count = 1, dueForSeconds = 30): Promise<string[]> {
  const target = { url: 'http://127.0.0.1:9/', secret: SECRET };
  const drafts = Array.from({ length: count }, () => store.draft({ target }));
  const { assigned } = await acceptEvents(store.pool, secretBox, drafts, (deliveries) => {
    for (const delivery of deliveries) delivery.owner = owner;
  });
  const ids = assigned.map(({ id }) => id).sort();
  await store.pool.query(
    `UPDATE deliveries SET due_at = now() - $2 * interval '1 second' WHERE id = ANY ($1::text[])`,
    [ids, dueForSeconds],
  );
  return ids;
}

const ownersOf = async (ids: string[]): Promise<(string | null)[]> =>
  (
    await store.pool.query('SELECT owner FROM deliveries WHERE id = ANY ($1::text[]) ORDER BY id', [ids])
  ).rows.map(({ owner }) => owner);

test('what a workflow left that is over or unknown is released; an open claim stays open', async () => {
  const ids = await overdue('lost', 3);
  await store.pool.query('UPDATE deliveries SET claimed_at = now(), epoch = 1 WHERE id = $1', [ids[0]]);

  reconcile(fakeTemporal());

  await eventually(() => actions.length > 0);
  expect(actions).toEqual(['released lost 3']);
  expect(await ownersOf(ids)).toEqual([null, null, null]);
  expect(await store.deliveryOf(ids[0]!)).toMatchObject({ epoch: 1, claimed_at: expect.any(Date) });
  await eventually(() => released === 1);
});

test('what is not due for long yet is left alone, and so is what is not due', async () => {
  const fresh = await overdue('fresh', 1, 0);
  const later = await overdue('later', 1, -60);
  const temporal = fakeTemporal();
  await overdue('lost');

  reconcile(temporal, { ...QUICK, overdueAfterMs: 20_000, startupOverdueAfterMs: 20_000 });

  await eventually(() => actions.length === 1);
  expect(temporal.describes).toEqual(['lost']);
  expect(await ownersOf([...fresh, ...later].sort())).toEqual(expect.arrayContaining(['fresh', 'later']));
});

test('a running workflow is told again of what is due, once in a while', async () => {
  const temporal = fakeTemporal();
  temporal.states.set('busy', 'running');
  const ids = await overdue('busy', 2);

  reconcile(temporal, { ...QUICK, overdueAfterMs: 400 });

  await eventually(() => temporal.signals.length === 2);
  expect(temporal.signals[0]).toEqual({ workflowId: 'busy', ids });
  expect(temporal.describes.length).toBeLessThan(5); // with a pass every 20 ms
  expect(await ownersOf(ids)).toEqual(['busy', 'busy']);
});

test('a running workflow that could not be told is told in the next pass', async () => {
  const temporal = fakeTemporal();
  temporal.states.set('busy', 'running');
  temporal.refuses.add('busy');
  const ids = await overdue('busy');

  reconcile(temporal, { ...QUICK, overdueAfterMs: 60_000, startupOverdueAfterMs: 1_000 });
  await eventually(() => failures.length > 0);
  temporal.refuses.clear();

  await eventually(() => temporal.signals.length > 0);
  expect(temporal.signals).toEqual([{ workflowId: 'busy', ids }]);
});

test('a failed look says nothing', async () => {
  const temporal = fakeTemporal();
  temporal.states.set('who knows', 'unknown');
  const ids = await overdue('who knows');

  reconcile(temporal);

  await eventually(() => temporal.describes.length > 5);
  expect(actions).toEqual([]);
  expect(await ownersOf(ids)).toEqual(['who knows']);
});

test('a workflow whose task fails again and again is terminated when that has lasted, and its deliveries go on', async () => {
  const temporal = fakeTemporal();
  temporal.states.set('wedged', 'wedged');
  const ids = await overdue('wedged');
  const began = performance.now();

  reconcile(temporal);

  await eventually(() => actions.length === 2);
  expect(performance.now() - began).toBeGreaterThan(QUICK.terminateWedgedAfterMs);
  expect(actions).toEqual(['terminated wedged 1', 'released wedged 1']);
  expect(await ownersOf(ids)).toEqual([null]);
});

test('one that heals in between is not terminated', async () => {
  const temporal = fakeTemporal();
  temporal.states.set('ill', 'wedged');
  await overdue('ill');
  reconcile(temporal, { ...QUICK, overdueAfterMs: 1 });
  await eventually(() => temporal.describes.length > 3);

  temporal.states.set('ill', 'running');
  await eventually(() => temporal.signals.length > 0);
  const healed = performance.now();
  temporal.states.set('ill', 'wedged');
  await eventually(() => temporal.terminated.length > 0);

  expect(performance.now() - healed).toBeGreaterThan(QUICK.terminateWedgedAfterMs - 50);
});

test('one that cannot be told or terminated keeps no other from being looked at', async () => {
  const temporal = fakeTemporal();
  for (let n = 0; n < 40; n++) {
    temporal.states.set(`deaf-${n}`, 'running');
    temporal.refuses.add(`deaf-${n}`);
    await overdue(`deaf-${n}`, 1, 60);
  }
  const ids = await overdue('lost', 1, 10);

  reconcile(temporal);

  await eventually(async () => (await ownersOf(ids))[0] === null);
  expect(failures.length).toBeGreaterThan(0);
});

test('workflows that run and are late do not hide those that are lost behind them', async () => {
  const temporal = fakeTemporal();
  await overdue('busy', 2_500, 60);
  await store.pool.query(`UPDATE deliveries SET owner = 'busy-' || id`);
  temporal.states.get = (id) => (id.startsWith('busy') ? 'running' : 'closed');
  const ids = await overdue('lost', 1, 10);

  reconcile(temporal, { ...QUICK, overdueAfterMs: 60_000, startupOverdueAfterMs: 1_000 });

  await eventually(async () => (await ownersOf(ids))[0] === null, 20_000);
  expect(temporal.signals).toHaveLength(2_500);
});

test('of two processes one reconciles, and the other takes over when it stops', async () => {
  const [one, other] = [fakeTemporal(), fakeTemporal()];
  one.states.set('a', 'wedged');
  other.states.set('a', 'wedged');
  await overdue('a');
  const times = { ...QUICK, wedgedFor: 60_000 };
  const first = reconcile(one, times);
  await eventually(() => one.describes.length > 0);
  reconcile(other, times, { processId: 'prc_2' });
  const seen = one.describes.length;
  await eventually(() => one.describes.length > seen + 3);
  expect(other.describes).toEqual([]);

  await first.close();

  await eventually(() => other.describes.length > 0);
});

test('what is open for an endpoint whose deletion was never finished is cancelled, before it is due', async () => {
  const endpoint = await store.newEndpoint();
  const open = (await store.acceptEvent('waits')).ids[0]!;
  const underWay = (await store.acceptEvent('attempts')).ids[0]!;
  await store.pool.query(`UPDATE deliveries SET due_at = now() + interval '2 hours' WHERE id = $1`, [open]);
  await store.pool.query('UPDATE deliveries SET claimed_at = now() WHERE id = $1', [underWay]);
  expect(await markEndpointDeleted(store.pool, store.project, null, endpoint)).toBe('deleted');
  // Here its process died.

  reconcile(fakeTemporal(), { ...QUICK, startupOverdueAfterMs: 60_000 });

  await eventually(async () => (await store.deliveryOf(open)).status === 'cancelled');
  expect(await store.deliveryOf(open)).toMatchObject({ reason: 'endpoint_deleted' });
  expect(await store.deliveryOf(underWay)).toMatchObject({
    status: 'pending',
    cancel_reason: 'endpoint_deleted',
  });
  expect(cancelled).toEqual(['waits 1']);
  const sweptAt = async () =>
    (await store.queryOne('SELECT deletion_completed_at FROM endpoints')).deletion_completed_at;
  await eventually(async () => (await sweptAt()) !== null);
});

test('while Temporal is away nothing is released', async () => {
  const ids = await overdue('lost');
  const reconciler = reconcile({ ...fakeTemporal(), isAway: true });
  await reconciler.close();
  expect(await ownersOf(ids)).toEqual(['lost']);
});

test('a leader that loses Temporal leaves the lead to one that has it, and takes it again when that one stops', async () => {
  const [one, other] = [fakeTemporal(), fakeTemporal()];
  reconcile(one);
  await eventually(() => leading.length === 1);
  const second = reconcile(other, QUICK, { processId: 'prc_2' });

  one.isAway = true;
  await eventually(() => leading.length === 3);
  const ids = await overdue('lost');
  await eventually(async () => (await ownersOf(ids))[0] === null);
  one.isAway = false;
  await second.close();

  await eventually(() => leading.length === 5);
  expect(leading).toEqual([
    'prc_1 leads',
    'prc_1 does not lead',
    'prc_2 leads',
    'prc_2 does not lead',
    'prc_1 leads',
  ]);
  expect(one.describes).toEqual([]);
});

test('a leader whose looks all fail leaves the lead to another', async () => {
  const [one, other] = [fakeTemporal(), fakeTemporal()];
  one.states.get = () => 'unknown';
  const ids = await overdue('lost');
  reconcile(one, { ...QUICK, stepDownMs: 60_000 });
  await eventually(() => one.describes.length === 3);

  reconcile(other, QUICK, { processId: 'prc_2' });

  await eventually(async () => (await ownersOf(ids))[0] === null);
  expect(one.describes).toHaveLength(3);
});

test('a leader whom Temporal does not answer leaves the lead to another, however much there is to look at', async () => {
  const ids = await overdue('lost', 100);
  await store.pool.query(`UPDATE deliveries SET owner = 'lost-' || id`);
  reconcile({ ...fakeTemporal(), delayMs: 4_000 }, { ...QUICK, stepDownMs: 60_000 });
  await eventually(() => leading.length === 1);

  reconcile(fakeTemporal(), QUICK, { processId: 'prc_2' });

  await eventually(async () => (await ownersOf(ids)).every((owner) => owner === null));
  expect(leading).toEqual(['prc_1 leads', 'prc_1 does not lead', 'prc_2 leads']);
});

test('a leader whose passes hang leaves the lead to another', async () => {
  const hanging = new pg.Pool({ connectionString: store.url, max: 2 });
  // Its passes wait for a lock; the statements that renew its lease do not.
  const lock = await store.pool.connect();
  await lock.query('BEGIN');
  await lock.query('LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE');
  reconcile(fakeTemporal(), { ...QUICK, stepDownMs: 60_000 }, { pool: hanging });
  await eventually(() => leading.length === 1);

  reconcile(fakeTemporal(), { ...QUICK, stuckAfterMs: 60_000 }, { processId: 'prc_2' });

  await eventually(() => leading.length === 3);
  expect(leading).toEqual(['prc_1 leads', 'prc_1 does not lead', 'prc_2 leads']);
  await lock.query('ROLLBACK');
  lock.release();
  for (const reconciler of running.splice(0)) await reconciler.close();
  await hanging.end();
});

test('what a silent process had assigned and nobody claimed is looked at in a second, and nothing else', async () => {
  await recordHeartbeat(store.pool, { id: 'prc_1', role: 'api', host: 'here', pid: 1 });
  await recordHeartbeat(store.pool, { id: 'killed', role: 'api', host: 'there', pid: 2 });
  await recordHeartbeat(store.pool, { id: 'alive', role: 'api', host: 'there', pid: 3 });
  // Those that live would send heartbeats while this runs.
  await store.pool.query(
    `UPDATE processes SET heartbeats_continuous_since = now() - interval '1 minute', last_heartbeat_at = now() + interval '4 seconds'`,
  );
  await store.pool.query(
    `UPDATE processes SET last_heartbeat_at = now() - interval '6 seconds' WHERE id = 'killed'`,
  );
  const left = await overdue('left behind', 2, 2);
  const carried = await overdue('carried', 1, 2);
  const claimed = await overdue('claimed', 1, 2);
  const others = await overdue('of one that lives', 1, 2);
  await store.pool.query(
    `UPDATE deliveries SET process_id = CASE WHEN id = $1 THEN 'alive' ELSE 'killed' END`,
    [others[0]],
  );
  await store.pool.query('UPDATE deliveries SET claimed_at = now() WHERE id = $1', [claimed[0]]);
  const temporal = fakeTemporal();
  temporal.states.set('carried', 'running');

  reconcile(temporal, { ...QUICK, overdueAfterMs: 60_000, startupOverdueAfterMs: 60_000 });

  await eventually(() => actions.length === 2);
  expect(actions.sort()).toEqual(['released left behind 2', 'signalled carried 1']);
  expect(await ownersOf(left)).toEqual([null, null]);
  expect(await ownersOf([...carried, ...claimed, ...others])).toEqual(
    expect.arrayContaining(['carried', 'claimed', 'of one that lives']),
  );
});

test('a workflow that failed with deliveries open is told of, with the type of its failure', async () => {
  const temporal = fakeTemporal();
  temporal.states.set('broken', 'failed');
  temporal.failures.set('broken', 'Nondeterminism');
  const ids = await overdue('broken', 2);

  reconcile(temporal);

  await eventually(() => failed.length === 1);
  expect(failed).toEqual(['broken Nondeterminism 2']);
  expect(await ownersOf(ids)).toEqual([null, null]);
});

test('with 10,000 owners lost at once everything that is due goes on within two minutes', async () => {
  await overdue('lost', 10_000);
  await store.pool.query(`UPDATE deliveries SET owner = 'lost-' || id`);
  const temporal = { ...fakeTemporal(), delayMs: 10 }; // a look at a busy server

  const began = performance.now();
  reconcile(temporal, RECONCILER_TIMES);

  const left = async () =>
    (await store.queryOne<{ n: number }>('SELECT count(*)::int AS n FROM deliveries WHERE owner IS NOT NULL'))
      .n;
  await eventually(async () => (await left()) === 0, 100_000);
  expect(performance.now() - began).toBeLessThan(60_000);
  expect(temporal.describes).toHaveLength(10_000);
}, 120_000);
