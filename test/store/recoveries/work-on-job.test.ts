import { DEFAULT_QUOTAS } from '../../../src/policy/quotas.ts';
import { insertJob } from '../../../src/store/recoveries/bulk-jobs.ts';
import type { JobScope } from '../../../src/store/recoveries/job-row.ts';
import { takeNext } from '../../../src/store/recoveries/look.ts';
import { workOnJob } from '../../../src/store/recoveries/work-on-job.ts';
import { stageFailures } from '../../integration/recoveries/stage-failures.ts';
import { explainQueries } from '../scale/explain.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;
let endpoint: string;
beforeEach(async () => {
  store = await seedStore();
  endpoint = await store.newEndpoint();
});
afterEach(() => store.drop());

const failedSince = (hours: number): JobScope => ({
  kind: 'recover_failed',
  projectId: store.project,
  deliveryIds: null,
  filter: {
    ...{
      endpoint: null,
      consumer: null,
      type: null,
      outcome: null,
      statusCode: null,
      errorCode: null,
      eventsSince: null,
    },
    ...{ since: new Date(Date.now() - hours * 3_600_000), until: new Date() },
  },
});

const startJob = (rate: number, { id = 'rec_1', consumer = null as string | null, quotas = {} } = {}) =>
  insertJob(
    store.pool,
    {
      ...failedSince(2),
      ...{ id, consumer, startedBy: 'admin', policy: '{}', rate, counted: 0, countedTo: '' },
    },
    { ...DEFAULT_QUOTAS, ...quotas },
  );

const work = () => workOnJob(store.pool, 'rec_1', 1, async () => true);

const DUE = `
  SELECT due_at AS "dueAt" FROM deliveries WHERE recovery_id = 'rec_1' ORDER BY due_at, id`;

const now = async (): Promise<number> =>
  (await store.queryOne<{ now: Date }>('SELECT clock_timestamp() AS now')).now.getTime();

test('the first delivery is due half a second after its page was begun, and all are evenly spaced from the first page to the next', async () => {
  await stageFailures(store.pool, { project: store.project, endpoint }, 400);
  await startJob(50);
  const begunAt = await now();
  await work();
  const { rows: first } = await store.pool.query<{ dueAt: Date }>(DUE);
  expect(first).toHaveLength(100);
  // Otherwise a burst of what is due before the page is stored and the queue is read would precede the rate.
  expect(first[0]!.dueAt.getTime() - begunAt).toBeGreaterThanOrEqual(500);

  // As far ahead as if the first page had been made a minute early: however slow this test is, the second one is not late.
  await store.pool.query(`
    UPDATE bulk_jobs SET next_due_at = next_due_at + interval '1 minute';
    UPDATE deliveries SET due_at = due_at + interval '1 minute' WHERE recovery_id = 'rec_1'`);
  await work();
  const { rows } = await store.pool.query<{ dueAt: Date }>(DUE);
  const times = rows.map(({ dueAt }) => dueAt.getTime());
  expect(times).toHaveLength(200);
  const distances = times.slice(1).map((time, index) => time - times[index]!);
  expect(Math.min(...distances)).toBeGreaterThanOrEqual(19);
  expect(Math.max(...distances)).toBeLessThanOrEqual(21);
});

test('a page that comes late makes up for nothing', async () => {
  await stageFailures(store.pool, { project: store.project, endpoint }, 400);
  await startJob(50);
  await work();
  await store.pool.query(
    `UPDATE bulk_jobs SET next_due_at = now() - interval '1 hour'; UPDATE deliveries SET due_at = NULL, status = 'delivered',
     settled_at = now() WHERE recovery_id = 'rec_1'`,
  );
  const begunAt = await now();
  const page = await work();
  const { rows } = await store.pool.query<{ dueAt: Date }>(
    `${DUE.replace('ORDER', `AND status = 'pending' ORDER`)}`,
  );
  expect(rows).toHaveLength(100);
  expect(rows[0]!.dueAt.getTime() - begunAt).toBeGreaterThanOrEqual(500);
  expect(page!.job.nextDueAt!.getTime() - rows[0]!.dueAt.getTime()).toBeCloseTo(2_000, -2);
});

test('a page in the middle of a recovery reads only its rows, also where everything has failed', async () => {
  const ids = await stageFailures(store.pool, { project: store.project, endpoint }, 10_000);
  await store.pool.query('VACUUM ANALYZE deliveries');
  const { bufferPages } = await explainQueries(store.pool, (db) =>
    takeNext(db, failedSince(2), ids[5_000]!, { rows: 5_000, most: 500 }),
  );
  expect(bufferPages).toBeLessThan(1_500);
});

test('a consumer has its own number of recoveries, and all consumers leave those of the project to it', async () => {
  const quotas = { recoveriesOfProject: 3, recoveriesOfConsumer: 2 };
  let made = 0;
  const start = (consumer: string | null) => startJob(50, { id: `rec_${++made}`, consumer, quotas });
  for (const consumer of ['acme', 'acme', 'globex']) await start(consumer);
  await expect(start('acme')).rejects.toMatchObject({ quota: 'recoveriesOfConsumer' });
  await expect(start('initech')).rejects.toMatchObject({ quota: 'recoveriesOfProject' });

  for (let own = 0; own < 3; own++) expect(await start(null)).toMatchObject({ status: 'running' });
  await expect(start(null)).rejects.toMatchObject({ quota: 'recoveriesOfProject' });
});
