import { RECONCILER_TIMES } from '../../../src/background/reconciler/reconciler.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, seedStore } from '../../store/seed.ts';
import { createTestReconciler, fakeTemporal, overdue, type TestReconciler } from './reconciler-set-up.ts';

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

test('with 10,000 owners lost at once, all due deliveries are released within a minute', async () => {
  await overdue(store, 'lost', 10_000);
  await store.pool.query(`UPDATE deliveries SET owner = 'lost-' || id`);
  const temporal = { ...fakeTemporal(), delayMs: 10 }; // a busy server

  const startedAt = performance.now();
  reconciler.start(temporal, RECONCILER_TIMES);

  const left = async () =>
    (await store.queryOne<{ n: number }>('SELECT count(*)::int AS n FROM deliveries WHERE owner IS NOT NULL'))
      .n;
  await eventually(async () => (await left()) === 0, 100_000);
  expect(performance.now() - startedAt).toBeLessThan(60_000);
  expect(temporal.describes).toHaveLength(10_000);
});
