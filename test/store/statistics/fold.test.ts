import pg from 'pg';
import { inTransaction } from '../../../src/store/postgres/database.ts';
import { foldPass } from '../../../src/store/statistics/fold-pass.ts';
import { readEventTypes } from '../../../src/store/statistics/read-event-types.ts';
import { statisticsLagSeconds } from '../../../src/store/statistics/statistics-state.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import { pausingAtCommit } from '../stopping-pool.ts';
import { differences, foldAll, load, untilNoOlderTransactionRuns } from './statistics-set-up.ts';

let store: SeededStore;
let others: pg.Pool[] = [];
beforeEach(async () => {
  store = await seedStore();
});
afterEach(async () => {
  for (const pool of others) await pool.end();
  others = [];
  await store.drop();
});

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, n) => from + n);
const sum = async (where: string) =>
  (
    await store.queryOne<{ n: number }>(
      `SELECT coalesce(sum(n), 0)::int AS n FROM delivery_statistics WHERE ${where}`,
    )
  ).n;

/** A pool like that of another process. */
function newPool(): pg.Pool {
  const pool = new pg.Pool({ connectionString: store.url, max: 4, application_name: 'other' });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  others.push(pool);
  return pool;
}

test('figures equal the tables after a load with two processes that fold and lose their connections', async () => {
  const other = await store.newProject();
  for (const project of [store.project, other]) {
    await store.newEndpoint({ project });
    await store.newEndpoint({ project, consumer: 'acme' });
  }
  let isLoading = true;
  let folded = 0;
  let failed = 0;
  const fold = async (pool: pg.Pool) => {
    while (isLoading) {
      // So few that most passes end within the outcomes of a project.
      if (await foldPass(pool, null, 7).catch(() => void failed++)) folded++;
    }
  };
  const kill = async () => {
    while (isLoading)
      await store.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'other' AND state <> 'idle' AND random() < 0.2`,
      );
  };
  const background = [fold(newPool()), fold(newPool()), kill()];
  await Promise.all([
    load(store, store.project, numbers(60)),
    load(store, other, numbers(60, 60)),
    load(store, store.project, numbers(60, 120)),
  ]).finally(() => {
    isLoading = false;
  });
  await Promise.all(background);
  await foldAll(store.pool);

  expect(await differences(store.pool)).toEqual([]);
  expect(await sum(`scope = '' AND span = 1`)).toBeGreaterThan(180);
  expect({ folded, failed }).toEqual({ folded: expect.any(Number), failed: expect.any(Number) });
  expect(failed).toBeGreaterThan(0);
});

test('a process that dies before its counts are committed leaves them to the next', async () => {
  await store.newEndpoint();
  await load(store, store.project, numbers(10, 1));
  const stopped = pausingAtCommit(newPool());
  const dead = foldPass(stopped.pool, null, 50_000);
  dead.catch(() => {});
  await stopped.paused;

  expect(await foldPass(store.pool, null, 50_000)).toBeNull();
  await store.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'other'`,
  );
  stopped.resume();
  await expect(dead).rejects.toThrow();
  await foldAll(store.pool);

  expect(await differences(store.pool)).toEqual([]);
});

test('an outcome of a transaction that commits after younger ones were counted is counted, and is waited for', async () => {
  await store.newEndpoint();
  const insert = `INSERT INTO outcomes (project_id, kind, event_id, status, outcome) VALUES ($1, 'attempt.failed', 'evt', 'retrying', $2)`;
  const { at } = await inTransaction(store.pool, async (late) => {
    await late.query(insert, [store.project, 'timeout']);
    await store.pool.query(insert, [store.project, 'rejected']);
    const { rows } = await late.query<{ at: Date }>('SELECT clock_timestamp() AS at');
    for (let pass = 0; pass < 3; pass++) await foldPass(store.pool, null, 50_000);
    return rows[0]!;
  });
  const { settled_until } = await store.queryOne<{ settled_until: Date }>(
    'SELECT settled_until FROM statistics_state',
  );
  expect(settled_until.getTime()).toBeLessThan(at.getTime());
  expect(await sum('true')).toBe(0);

  await foldAll(store.pool);

  expect(await differences(store.pool)).toEqual([]);
  expect(await sum(`span = 1 AND kind = 'timeout'`)).toBe(1);
});

test('a project with many outcomes is counted in parts, and keeps no other project waiting', async () => {
  const other = await store.newProject();
  await store.pool.query(
    `INSERT INTO outcomes (project_id, kind, event_id, status, outcome)
     SELECT $1, 'attempt.failed', 'evt', 'retrying', 'timeout' FROM generate_series(1, 5)`,
    [other],
  );
  for (let n = 0; n < 30; n++)
    await store.pool.query(
      `INSERT INTO outcomes (project_id, kind, event_id, status, outcome)
       SELECT $1, 'attempt.failed', 'evt', 'retrying', 'timeout' FROM generate_series(1, 10)`,
      [store.project],
    );
  const countedOf = (project: string) => sum(`project_id = '${project}' AND span = 1 AND scope = ''`);

  await foldAll(store.pool, 1_000_000);
  expect(await countedOf(store.project)).toBe(300);
  await store.pool.query(`TRUNCATE delivery_statistics; UPDATE statistics_progress SET folded_below = '0'`);
  const result = await foldPass(store.pool, null, 100);

  expect(result).toEqual({ round: null, isBehind: true });
  expect(await countedOf(other)).toBe(5);
  // What the other does not need, and the rest of a transaction.
  expect(await countedOf(store.project)).toBe(100);
  const behind = await store.pool.query(
    'SELECT project_id FROM statistics_progress WHERE behind_since IS NOT NULL',
  );
  expect(behind.rows).toEqual([{ project_id: store.project }]);
  expect(await statisticsLagSeconds(store.pool)).toBeGreaterThan(0);
  await foldAll(store.pool, 100);
  expect(await countedOf(store.project)).toBe(300);
  expect(await countedOf(other)).toBe(5);
});

test('a restored database begins at the present and counts on', async () => {
  await store.newEndpoint();
  await load(store, store.project, numbers(3, 1));
  await foldAll(store.pool);
  const before = await sum('true');
  await store.pool.query(
    `UPDATE database_identity SET id = gen_random_uuid();
     UPDATE statistics_progress SET folded_below = '4000000000000';
     UPDATE statistics_state SET marked_xid = '4000000000000'`,
  );
  await load(store, store.project, numbers(3, 1));
  await untilNoOlderTransactionRuns(store.pool);
  await foldPass(store.pool, null, 50_000);
  expect(await sum('true')).toBe(before);

  await load(store, store.project, numbers(3, 1));
  await foldAll(store.pool);

  expect(await sum('true')).toBe(2 * before);
});

test('an endpoint shows when it was last delivered to and when it last failed', async () => {
  const endpoint = await store.newEndpoint();
  await load(store, store.project, [1, 3, 2, 8]); // delivered, rejected, delivered, rejected
  await foldAll(store.pool);

  const last = (kind: string) =>
    store.queryOne<{ at: Date }>(`SELECT max(at) AS at FROM outcomes WHERE kind = $1`, [kind]);
  expect(
    await store.queryOne('SELECT endpoint_id, last_delivered_at, last_failed_at FROM endpoint_activity'),
  ).toEqual({
    endpoint_id: endpoint,
    last_delivered_at: (await last('delivery.delivered')).at,
    last_failed_at: (await last('attempt.failed')).at,
  });
});

test('of one consumer, the first 100 types of a day are counted, whatever it is sent', async () => {
  const other = await store.newProject();
  const accept = (type: string, n: number, consumer = 'acme', project = store.project) =>
    store.pool.query(
      `INSERT INTO accepted_counts (project_id, consumer, type, at, n) VALUES ($1, $2, $3, '2026-11-30 12:00Z', $4)`,
      [project, consumer, type, n],
    );
  const counted = (consumer: string, project = store.project) =>
    readEventTypes(
      store.pool,
      project,
      { kind: 'consumer', id: consumer },
      { from: new Date('2026-11-30T00:00:00Z'), to: new Date('2026-12-01T00:00:00Z'), span: 1440 },
      null,
    );

  for (const n of numbers(60)) await accept(`early.t${n}`, 2);
  await foldAll(store.pool);
  for (const n of numbers(60)) await accept(`late.t${n}`, n === 59 ? 9 : 1);
  await accept('early.t0', 5);
  await accept('of.globex', 1, 'globex');
  await accept('of.other', 1, 'acme', other);
  await foldAll(store.pool);
  await accept('later.still', 1);
  await foldAll(store.pool);

  const { items, accepted } = await counted('acme');
  expect(items).toHaveLength(100);
  expect(items.slice(0, 2)).toEqual([
    { type: 'late.t59', accepted: 9 },
    { type: 'early.t0', accepted: 7 },
  ]);
  expect(items.filter(({ type }) => type.startsWith('early.'))).toHaveLength(60);
  // All of them are in the figures of the consumer.
  expect(accepted).toBe(60 * 2 + 59 + 9 + 5 + 1);
  expect(await counted('globex')).toEqual({ items: [{ type: 'of.globex', accepted: 1 }], accepted: 1 });
  expect(await counted('acme', other)).toEqual({ items: [{ type: 'of.other', accepted: 1 }], accepted: 1 });
});
