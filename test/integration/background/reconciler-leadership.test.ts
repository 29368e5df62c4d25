import pg from 'pg';
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

test('one of two processes reconciles, and the other takes over when it stops', async () => {
  const [one, other] = [fakeTemporal(), fakeTemporal()];
  one.states.set('a', 'wedged');
  other.states.set('a', 'wedged');
  await overdue(store, 'a');
  const times = { ...QUICK, terminateWedgedAfterMs: 60_000 };
  const first = reconciler.start(one, times);
  await eventually(() => one.describes.length > 0);
  reconciler.start(other, times, { processId: 'prc_2' });
  const describedBefore = one.describes.length;
  await eventually(() => one.describes.length > describedBefore + 3);
  expect(other.describes).toEqual([]);

  await first.close();

  await eventually(() => other.describes.length > 0);
});

test('while Temporal is down nothing is released', async () => {
  const ids = await overdue(store, 'lost');
  const started = reconciler.start({ ...fakeTemporal(), isDown: true });
  await started.close();
  expect(await ownersOf(store, ids)).toEqual(['lost']);
});

test('a leader without Temporal gives up the lead to a process that has it, and takes it back when that one stops', async () => {
  const [one, other] = [fakeTemporal(), fakeTemporal()];
  reconciler.start(one);
  await eventually(() => reconciler.leading.length === 1);
  const second = reconciler.start(other, QUICK, { processId: 'prc_2' });

  one.isDown = true;
  await eventually(() => reconciler.leading.length === 3);
  const ids = await overdue(store, 'lost');
  await eventually(async () => (await ownersOf(store, ids))[0] === null);
  one.isDown = false;
  await second.close();

  await eventually(() => reconciler.leading.length === 5);
  expect(reconciler.leading).toEqual([
    'prc_1 leads',
    'prc_1 does not lead',
    'prc_2 leads',
    'prc_2 does not lead',
    'prc_1 leads',
  ]);
  expect(one.describes).toEqual([]);
});

test('a leader whose polls all fail gives up the lead', async () => {
  const [one, other] = [fakeTemporal(), fakeTemporal()];
  one.states.get = () => 'unknown';
  const ids = await overdue(store, 'lost');
  reconciler.start(one, { ...QUICK, stepDownMs: 60_000 });
  await eventually(() => one.describes.length === 3);

  reconciler.start(other, QUICK, { processId: 'prc_2' });

  await eventually(async () => (await ownersOf(store, ids))[0] === null);
  expect(one.describes).toHaveLength(3);
});

test('a leader to which Temporal does not respond gives up the lead, however many workflows there are to check', async () => {
  const ids = await overdue(store, 'lost', 100);
  await store.pool.query(`UPDATE deliveries SET owner = 'lost-' || id`);
  reconciler.start({ ...fakeTemporal(), delayMs: 4_000 }, { ...QUICK, stepDownMs: 60_000 });
  await eventually(() => reconciler.leading.length === 1);

  reconciler.start(fakeTemporal(), QUICK, { processId: 'prc_2' });

  await eventually(async () => (await ownersOf(store, ids)).every((owner) => owner === null));
  expect(reconciler.leading).toEqual(['prc_1 leads', 'prc_1 does not lead', 'prc_2 leads']);
});

test('a leader whose passes hang gives up the lead', async () => {
  const hanging = new pg.Pool({ connectionString: store.url, max: 2 });
  // Its passes wait for a lock; the statements that renew its lease do not.
  const lock = await store.pool.connect();
  await lock.query('BEGIN');
  await lock.query('LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE');
  reconciler.start(fakeTemporal(), { ...QUICK, stepDownMs: 60_000 }, { pool: hanging });
  await eventually(() => reconciler.leading.length === 1);

  reconciler.start(fakeTemporal(), { ...QUICK, stuckAfterMs: 60_000 }, { processId: 'prc_2' });

  await eventually(() => reconciler.leading.length === 3);
  expect(reconciler.leading).toEqual(['prc_1 leads', 'prc_1 does not lead', 'prc_2 leads']);
  await lock.query('ROLLBACK');
  lock.release();
  await reconciler.close();
  await hanging.end();
});
