import { oldestUnattemptedSeconds } from '../../../src/store/deliveries/gauges.ts';
import { measureBacklog } from '../../../src/store/statistics/measure-backlog.ts';
import { readBacklog } from '../../../src/store/statistics/read-backlog.ts';
import { removeStatistics } from '../../../src/store/statistics/statistics-retention.ts';
import { begin, closeErasures, startErasures, untilCompleted } from '../erasures/erasures-set-up.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import { differences, foldAll, load } from './statistics-set-up.ts';

const DAY_MS = 86_400_000;

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(async () => {
  await closeErasures();
  await store.drop();
});

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

test('minutes are kept for 48 hours, hours for 30 days, days as configured', async () => {
  const insert = (table: string, columns: string, values: string) =>
    store.pool.query(
      `INSERT INTO ${table} (project_id, scope, span, at, n, ${columns})
       SELECT $1, '', span, now() - age * interval '1 day', 1, ${values}
       FROM unnest('{1,5,60,1440}'::int[]) AS span CROSS JOIN unnest('{1,3,29,31,399,401}'::int[]) AS age`,
      [store.project],
    );
  await insert('delivery_statistics', 'kind, bucket', `'delivered', 1`);
  await insert('event_statistics', 'type', `''`);
  const kept = async (table: string) =>
    (
      await store.pool.query<{ kept: string }>(
        `SELECT span || ': ' || string_agg(round(extract(epoch FROM now() - at) / 86400)::text, ' ' ORDER BY at DESC) AS kept
         FROM ${table} GROUP BY span ORDER BY span`,
      )
    ).rows.map((row) => row.kept);

  for (const span of [1, 5, 60, 1440] as const)
    while ((await removeStatistics(store.pool, span, 400 * DAY_MS)) > 0);
  for (const table of ['delivery_statistics', 'event_statistics'])
    expect(await kept(table)).toEqual(['1: 1', '5: 1', '60: 1 3 29', '1440: 1 3 29 31 399']);

  for (const span of [1, 5, 60, 1440] as const) await removeStatistics(store.pool, span, 2 * DAY_MS);
  expect(await kept('delivery_statistics')).toEqual(['1: 1', '5: 1', '60: 1', '1440: 1']);
});

test('the erasure of a consumer removes its figures and those of its endpoints, and no others', async () => {
  await store.newEndpoint();
  const ofAcme = await store.newEndpoint({ consumer: 'acme' });
  await load(store, store.project, numbers(30));
  await foldAll(store.pool);
  // What is not counted yet names the consumer, too.
  await load(store, store.project, numbers(6));
  await measureBacklog(store.pool);
  const scopes = async () =>
    (
      await store.pool.query<{ scope: string }>(
        `SELECT scope FROM delivery_statistics UNION SELECT scope FROM event_statistics UNION SELECT scope FROM backlog
         UNION SELECT 'e/' || endpoint_id FROM endpoint_activity
         UNION SELECT 'c/' || consumer FROM accepted_counts WHERE consumer IS NOT NULL`,
      )
    ).rows.map(({ scope }) => scope);
  expect(await scopes()).toEqual(expect.arrayContaining(['c/acme', 'ct/acme', `e/${ofAcme}`]));

  const job = await begin(store, 'consumer', 'acme');
  const erasures = startErasures(store);
  await untilCompleted(store, job);
  await erasures.close();

  const left = await scopes();
  expect(left).not.toContain('c/acme');
  expect(left).not.toContain('ct/acme');
  expect(left).not.toContain(`e/${ofAcme}`);
  expect(left).toEqual(expect.arrayContaining(['', 'c/globex', 'ct/globex', 't']));
  await foldAll(store.pool);
  expect(await scopes()).not.toContain(`e/${ofAcme}`);
});

test('the backlog equals the open deliveries of the tables, for each project and consumer', async () => {
  const other = await store.newProject();
  for (const project of [store.project, other]) {
    await store.newEndpoint({ project });
    await store.newEndpoint({ project, consumer: 'acme' });
    await load(store, project, numbers(20));
  }
  await store.acceptEvent(null, { consumer: 'acme' }); // waits for a workflow
  await store.acceptEvent('mine'); // has one
  await store.pool.query(
    `UPDATE deliveries SET status = 'held', waiting_for = 'endpoint_paused', due_at = NULL, owner = NULL
     WHERE id = (SELECT min(id) FROM deliveries WHERE status = 'retrying')`,
  );
  await store.pool.query(
    `UPDATE deliveries SET lane = 'restricted' WHERE id = (SELECT min(id) FROM deliveries WHERE owner IS NULL AND status = 'pending')`,
  );

  await measureBacklog(store.pool);

  for (const [scope, where] of [
    [{ projectId: store.project, consumer: null }, `project_id = '${store.project}'`],
    [{ projectId: other, consumer: null }, `project_id = '${other}'`],
    [{ projectId: store.project, consumer: 'acme' }, `project_id = '${store.project}' AND consumer = 'acme'`],
    [{ projectId: store.project, consumer: 'none' }, 'false'],
    [null, 'true'],
  ] as const) {
    const { backlog } = (await readBacklog(store.pool, scope))!;
    const { pending, retrying, held, oldestOpenAt } = backlog;
    const open = await store.queryOne<{ due: number }>(
      `SELECT count(*) FILTER (WHERE status = 'pending')::int AS pending, count(*) FILTER (WHERE status = 'retrying')::int AS retrying,
              count(*) FILTER (WHERE status = 'held')::int AS held, min(created_at) AS "oldestOpenAt"
       FROM deliveries WHERE status IN ('pending', 'retrying', 'held') AND ${where}`,
    );
    expect({ pending, retrying, held, oldestOpenAt }).toEqual(open);
    expect([...backlog.due.values()].reduce((sum, n) => sum + n, 0)).toBe(pending + retrying);
    expect(backlog.endpoints.reduce((sum, one) => sum + one.pending + one.retrying + one.held, 0)).toBe(
      pending + retrying + held,
    );
  }

  await store.pool.query(
    `UPDATE deliveries SET status = 'cancelled', due_at = NULL, waiting_for = NULL WHERE status IN ('pending', 'retrying', 'held')`,
  );
  await measureBacklog(store.pool);
  expect(await store.queryOne('SELECT count(*)::int AS n FROM backlog')).toEqual({ n: 0 });
});

test('figures are not counted for a project that is being erased', async () => {
  await store.newEndpoint();
  await load(store, store.project, numbers(10));
  await store.pool.query('UPDATE projects SET deleted_at = now()');
  await foldAll(store.pool);

  expect(
    await store.queryOne(
      `SELECT (SELECT count(*) FROM delivery_statistics)::int AS deliveries, (SELECT count(*) FROM event_statistics)::int AS events`,
    ),
  ).toEqual({ deliveries: 0, events: 0 });
  expect((await differences(store.pool)).length).toBeGreaterThan(0);
});

test('a delivery that waits for its receiver is not taken for one that waits for a worker', async () => {
  await store.newEndpoint();
  const { ids } = await store.acceptEvent(null);
  const oldest = async () => {
    await measureBacklog(store.pool);
    const { backlog } = (await readBacklog(store.pool, { projectId: store.project, consumer: null }))!;
    return {
      inBacklog: backlog.oldestUnattemptedAt !== null,
      inMetric: (await oldestUnattemptedSeconds(store.pool)) > 0,
    };
  };
  expect(await oldest()).toEqual({ inBacklog: true, inMetric: true });

  await store.pool.query(`UPDATE deliveries SET lane = 'restricted' WHERE id = ANY ($1)`, [ids]);
  expect(await oldest()).toEqual({ inBacklog: false, inMetric: false });
});
