import type pg from 'pg';
import { allowanceOf } from '../../../src/policy/pacing.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { assignPermitted } from '../../../src/store/deliveries/assignments/assign-restricted.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { findDelivery } from '../../../src/store/deliveries/delivery-reads.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import { disableFailing, warnOfFailing } from '../../../src/store/receivers/failures/failure-alerts.ts';
import { countDue, endDrains } from '../../../src/store/receivers/gates/drain.ts';
import { lockGatesOf } from '../../../src/store/receivers/gates/gates.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';
import { explainQueries } from './explain.ts';

const BACKLOG = 100_000;
const BUSY = 'ep_busy';
const OTHER = 'ep_other';

let store: SeededStore;

beforeAll(async () => {
  store = await seedStore();
  await store.pool.query(
    `INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                         delivery_count, open_count, created_at)
     SELECT $1, 'evt_1', 'a.b', '{}', '{}', '{}', '', 'standard-webhooks', 1, 'pending', 200, 200, now()`,
    [store.project],
  );
  // The backlog of one receiver, ten deliveries of another, and a hundred with a workflow.
  await store.pool.query(
    `INSERT INTO deliveries (id, project_id, event_id, receiver, policy, lane, status, owner, due_at, created_at)
     SELECT 'dlv_' || n, $1, 'evt_1',
            CASE WHEN n <= $3 THEN '${BUSY}' WHEN n <= $3 + 10 THEN '${OTHER}' ELSE 'ep_' || n END, $2,
            CASE WHEN n <= $3 + 10 THEN 'restricted' ELSE 'fast' END, 'retrying',
            CASE WHEN n > $3 + 10 THEN 'event/1' END, now() - interval '1 second', now()
     FROM generate_series(1, $3::int + 110) AS n`,
    [store.project, serializePolicy(POLICY), BACKLOG],
  );
});
afterAll(() => store.drop());

const explain = (run: (db: Queryable) => Promise<unknown>) => explainQueries(store.pool, run);

const steps = Array.from({ length: 100 }, (_, n) => ({ id: `dlv_${BACKLOG + 11 + n}`, step: 0 }));
const assign = (db: Queryable) =>
  assignPermitted(
    db,
    new Date().toISOString(),
    [{ receiver: OTHER, projectId: store.project, allowance: allowanceOf(null, 32, 1_000) }],
    {
      maxDeliveries: 100,
      grouping: true,
      uuid: 'one',
    },
  );
const statements: [string, (db: Queryable) => Promise<unknown>][] = [
  ['claiming a hundred deliveries', (db) => claimDeliveries(db, 'event/1', steps)],
  ['assigning for another receiver', assign],
  ['locking a gate', (db) => lockGatesOf(db, [OTHER], { skipLocked: true })],
  ['counting a backlog', (db) => countDue(db, [{ receiver: BUSY, projectId: store.project }], 21)],
  ['reading a delivery', (db) => findDelivery(db, { projectId: store.project, consumer: null }, 'dlv_1')],
];

test.each(statements)('with no gate at all, %s looks receivers up in the index of gates', async (_, run) => {
  expect((await explain(run)).seqScannedTables).not.toContain('receiver_gates');
});

test('among 100,000 failing targets, a check for endpoints that only fail reads only endpoints', async () => {
  await store.pool.query(
    `INSERT INTO receiver_failures (receiver, project_id, failures, first_failure_at, last_failure_at)
     SELECT CASE WHEN n <= 100 THEN 'ep_' || n ELSE $1 || ' https://' || n || '.example.com' END, $1, 30, now() - interval '7 days', now()
     FROM generate_series(1, 100000) AS n`,
    [store.project],
  );
  await store.pool.query('ANALYZE receiver_failures');
  for (const check of [warnOfFailing, disableFailing]) {
    const { bufferPages, seqScannedTables } = await explain((db) => check(db as pg.Pool));
    expect(seqScannedTables).not.toContain('receiver_failures');
    expect(bufferPages).toBeLessThan(1_500);
  }
});

describe('among 100,000 gates, beside a backlog of 100,000 deliveries', () => {
  beforeAll(async () => {
    await store.pool.query(
      `INSERT INTO receiver_gates (receiver, project_id, rate, rate_period)
       SELECT 'ep_gate_' || n, 'prj', 1, 'second' FROM generate_series(1, 100000) AS n`,
    );
    await store.pool.query('ANALYZE receiver_gates; ANALYZE deliveries');
  });

  test.each(statements)('%s reads only what it needs', async (_, run) => {
    const { bufferPages, seqScannedTables } = await explain(run);
    expect(seqScannedTables).not.toContain('receiver_gates');
    expect(seqScannedTables).not.toContain('deliveries');
    // A few for each of a hundred deliveries.
    expect(bufferPages).toBeLessThan(3_000);
  });

  test('ending a thousand drains does not read the backlogs', async () => {
    await store.pool.query(
      `UPDATE receiver_gates SET drain_rate = 20, project_id = '${store.project}' WHERE right(receiver, 2) = '00';
       UPDATE receiver_gates SET receiver = '${BUSY}' WHERE receiver = 'ep_gate_100';
       ANALYZE receiver_gates`,
    );
    const { bufferPages, seqScannedTables } = await explain(endDrains);
    expect(seqScannedTables).not.toContain('deliveries');
    // The gates, and a few for each that is lifted.
    expect(bufferPages).toBeLessThan(40_000);
    await endDrains(store.pool);
    const { rows } = await store.pool.query(
      'SELECT receiver FROM receiver_gates WHERE drain_rate IS NOT NULL',
    );
    expect(rows).toEqual([{ receiver: BUSY }]);
  });
});
