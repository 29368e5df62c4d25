import type pg from 'pg';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import {
  changeJob,
  findJob,
  listJobs,
  removeOldJobs,
  runAnew,
  stalledJobs,
} from '../../../src/store/recoveries/bulk-jobs.ts';
import { cancelThese } from '../../../src/store/recoveries/cancel-these.ts';
import { dismissThese } from '../../../src/store/recoveries/dismissals.ts';
import { measureJobs } from '../../../src/store/recoveries/measure-jobs.ts';
import {
  lockEndpoints,
  replayDeliveries,
  sendMissing,
} from '../../../src/store/recoveries/new-deliveries.ts';
import type { Scope } from '../../../src/store/scope.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';
import { expectToReadFew } from './explain.ts';

const ROWS = 60_000;
/** Enough 8 kB pages for the rows that a statement returns or changes, not for those beside them. */
const FEW_PAGES = 600;
/** A page of a hundred events or deliveries changes some indexes of each. */
const MANY_PAGES = 6_000;
const LARGE = ['bulk_jobs', 'deliveries', 'events', 'endpoints'];
const policy = serializePolicy(POLICY);

let store: SeededStore;
let all: Scope;

beforeAll(async () => {
  store = await seedStore();
  const { pool, project } = store;
  all = { projectId: project, consumer: null };
  const insert = (table: string, columns: string, values: string) =>
    pool.query(
      `INSERT INTO ${table} (project_id, ${columns}) SELECT '${project}', ${values}
       FROM generate_series(1, ${ROWS}) AS n CROSS JOIN LATERAL (SELECT lpad(n::text, 8, '0') AS nth) AS of_row`,
    );
  await insert(
    'bulk_jobs',
    'id, kind, consumer, started_by, filter, policy, status, ended_at',
    `'rec_' || nth, 'recover_failed', CASE WHEN n % 2 = 0 THEN 'c' || n % 600 END, 'key_1',
     '{"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z", "eventsSince": null}', '{}',
     CASE WHEN n % 5000 = 0 THEN 'running' ELSE 'done' END, CASE WHEN n % 5000 > 0 THEN now() - n * interval '1 second' END`,
  );
  await insert('endpoints', 'id, url, events, secrets', `'ep_' || n, 'http://127.0.0.1:9/', '{*}', '\\x00'`);
  await insert(
    'events',
    'id, type, attributes, data, body, content_hash, profile, profile_version, status, delivery_count, open_count, created_at',
    `'evt_' || n, 'a.b', '{}', '{}', '{}', '', 'standard-webhooks', 1, 'undeliverable', 1, 0, now()`,
  );
  await insert(
    'deliveries',
    'id, event_id, endpoint_id, receiver, policy, status, settled_at, created_at, recovery_id',
    `'dlv_' || n, 'evt_' || n, 'ep_' || n % 5, 'ep_' || n % 5, '${policy}', 'undeliverable', now(), now(),
     CASE WHEN n % 2 = 0 THEN 'rec_' || lpad((n % 100)::text, 8, '0') END`,
  );
  await pool.query('ANALYZE');
});
afterAll(() => store.drop());

const list = (db: Queryable, scope: Scope) => listJobs(db, scope, 'rec', { limit: 50, after: null });
const running = async () => (await findJob(store.pool, all, 'rec', 'rec_00005000'))!;
async function measureOne(db: Queryable): Promise<unknown> {
  const job = { ...(await running()), id: 'rec_00000002', measuredAt: null };
  const writes = { query: async () => ({ rows: [] }) } as unknown as Queryable;
  return measureJobs(writes, db, [job], Date.now());
}
/** What is explained returns no rows if it writes; these functions read them. */
const withoutRows = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error) => {
    if (!(error instanceof TypeError)) throw error;
  });
const hundred = (prefix: string): string[] => Array.from({ length: 100 }, (_, n) => `${prefix}${n + 1}`);
const page = (ids: string[]) => ({
  ...{ projectId: store.project, jobId: 'rec_1', ids, policy, now: new Date() },
  endpoints: [{ id: 'ep_1', policy: null, filter: null }],
  spread: { startAt: new Date(), everyMs: 20 },
});

type Statement = [string, (db: pg.PoolClient) => Promise<unknown>, maxPages?: number];
const statements: Statement[] = [
  ['the recoveries of a project', (db) => list(db, all)],
  ['the recoveries of a consumer', (db) => list(db, { ...all, consumer: 'c6' })],
  ['the recoveries of a consumer without any', (db) => list(db, { ...all, consumer: 'none' })],
  ['a recovery', (db) => findJob(db, all, 'rec', 'rec_00000007')],
  ['pausing a recovery', (db) => changeJob(db, all, 'rec', 'rec_00005000', 'pause')],
  ['finding stalled jobs', (db) => withoutRows(stalledJobs(db, 0, 10))],
  ['running a job anew', async (db) => withoutRows(runAnew(db, await running()))],
  ['removing old jobs', (db) => removeOldJobs(db, new Date('2000-01-01'))],
  // An index entry for each of its 600 deliveries.
  ['counting what became of a recovery', (db) => measureOne(db), MANY_PAGES],
  ['locking the endpoints of a page', (db) => lockEndpoints(db, ['ep_1'])],
  ['sending a page of deliveries again', (db) => replayDeliveries(db, page(hundred('dlv_'))), MANY_PAGES],
  ['sending a page of missing events', (db) => sendMissing(db, page(hundred('evt_'))), MANY_PAGES],
  ['cancelling a page of deliveries', (db) => cancelThese(db, store.project, hundred('dlv_')), MANY_PAGES],
  ['dismissing a page of deliveries', (db) => dismissThese(db, store.project, hundred('dlv_')), MANY_PAGES],
];

test.each(statements)(
  'beside 60,000 rows of each table, %s reads only what it needs',
  (_, run, maxPages = FEW_PAGES) =>
    expectToReadFew(store.pool, (db) => run(db as pg.PoolClient), { large: LARGE, maxPages }),
);
