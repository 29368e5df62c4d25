import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { DEFAULT_QUOTAS } from '../../../src/policy/quotas.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { minIdAt } from '../../../src/store/postgres/ids.ts';
import { findJob, insertJob } from '../../../src/store/recoveries/bulk-jobs.ts';
import { measureJobs } from '../../../src/store/recoveries/measure-jobs.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';
import type { WalkedPage } from './walk-job.ts';

const SIZE = Number(process.env.POSTHORN_TEST_LARGE_JOB ?? 0);
/** A million takes about three minutes, so it is not part of a usual run. */
const testIfAsked = SIZE > 0 ? test : test.skip;

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Walks through the job in a process of its own, which is killed when `killAt` deliveries are done. */
async function walk(id: string, killAt: number): Promise<WalkedPage[]> {
  const child: ChildProcess = fork(join(__dirname, 'walk-job.ts'), [store.url, id], {
    execArgv: ['--expose-gc'],
  });
  const pages: WalkedPage[] = [];
  child.on('message', (page: WalkedPage) => {
    pages.push(page);
    if (page.done >= killAt) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('exit', resolve));
  return pages;
}

const STAGE = `
  WITH event AS (
    INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                        delivery_count, open_count, undeliverable_count, created_at, settled_at)
    SELECT $1, 'evt_' || lpad(n::text, 9, '0'), 'a.b', '{}', '{}', '{}', '', 'standard-webhooks', 1, 'undeliverable', 1, 0, 1,
           now() - interval '1 hour', now()
    FROM generate_series($3::int, $4::int) AS n
  )
  INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, policy, status, attempts, last_outcome,
                          last_status_code, reason, settled_at, created_at)
  SELECT $6 || lpad(n::text, 16, '0'), $1, 'evt_' || lpad(n::text, 9, '0'), ($2::text[])[1 + n % cardinality($2::text[])],
         ($2::text[])[1 + n % cardinality($2::text[])], $5, 'undeliverable', 5, 'rejected', 503, 'exhausted', now(),
         now() - interval '1 hour'
  FROM generate_series($3::int, $4::int) AS n`;
const STAGED_AT_ONCE = 10_000;

/** Stores events of an hour ago whose deliveries are undeliverable, in turn to each of the endpoints. */
async function stage(endpoints: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: store.url, statement_timeout: 0 });
  await client.connect();
  const prefix = minIdAt('dlv', Date.now() - 3_600_000);
  for (let from = 1; from <= SIZE; from += STAGED_AT_ONCE)
    await client.query(STAGE, [
      ...[store.project, endpoints, from, Math.min(SIZE, from + STAGED_AT_ONCE - 1)],
      ...[serializePolicy(POLICY), prefix],
    ]);
  await client.query('VACUUM ANALYZE events');
  await client.query('VACUUM ANALYZE deliveries');
  await client.end();
}

async function newJob(): Promise<string> {
  const filter = {
    endpoint: null,
    consumer: null,
    type: null,
    outcome: null,
    statusCode: null,
    errorCode: null,
  };
  const times = { since: new Date(Date.now() - 7_200_000), until: new Date(), eventsSince: null };
  const job = await insertJob(
    store.pool,
    {
      kind: 'recover_failed',
      ...{ id: 'rec_large', projectId: store.project, consumer: null },
      ...{ startedBy: 'admin', policy: '{}', rate: 1_000, deliveryIds: null, counted: 0, countedTo: '' },
      filter: { ...filter, ...times },
    },
    DEFAULT_QUOTAS,
  );
  return job.id;
}

const COPIES = `
  SELECT count(*)::int AS copies, count(DISTINCT replay_of)::int AS replayed FROM deliveries WHERE recovery_id IS NOT NULL`;
const UNREPLAYED = `SELECT count(*)::int AS n FROM deliveries WHERE recovery_id IS NULL AND replayed_by IS NULL`;
const COUNTS = `SELECT count(*)::int AS n FROM events WHERE (delivery_count, open_count) IS DISTINCT FROM (2, 1)`;
const only = (statement: string) => store.queryOne(statement);

testIfAsked(
  `a job of ${SIZE} deliveries that is killed in the middle makes one copy of each, in pages that take as long at the end`,
  async () => {
    const endpoints = await Promise.all(Array.from({ length: 20 }, () => store.newEndpoint()));
    await stage(endpoints);
    const id = await newJob();

    const before = await walk(id, SIZE / 2);
    const after = await walk(id, Number.POSITIVE_INFINITY);

    expect(after.at(-1)).toMatchObject({ done: SIZE, ended: true });
    expect(await only(COPIES)).toEqual({ copies: SIZE, replayed: SIZE });
    expect(await only(UNREPLAYED)).toEqual({ n: 0 });
    expect(await only(COUNTS)).toEqual({ n: 0 });

    const pages = [...before, ...after];
    const startOf = (tenth: number): number => Math.floor((tenth * pages.length) / 10);
    const tenths = Array.from({ length: 10 }, (_, n) => pages.slice(startOf(n), startOf(n + 1)));
    const msPerPage = tenths.map((part) => Math.round(median(part.map(({ ms }) => ms))));
    const heapMb = tenths.map((part) => Math.round(median(part.map((page) => page.heapMb))));
    const job = (await findJob(store.pool, { projectId: store.project, consumer: null }, 'rec', id))!;
    const startedAt = performance.now();
    await measureJobs(store.pool, store.pool, [job], Date.now());
    const measureMs = Math.round(performance.now() - startedAt);
    console.log(JSON.stringify({ pages: pages.length, msPerPage, heapMb, measureMs }));
    expect(msPerPage.at(-1)!).toBeLessThan(2 * msPerPage[0]!);
    expect(heapMb.at(-1)!).toBeLessThan(heapMb[0]! + 10);
  },
  3_600_000,
);
