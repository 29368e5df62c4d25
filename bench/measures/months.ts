import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/embedded/postgres/postgres.ts';
import { removeOutcomes, removeSettledEvents, timeBefore } from '../../src/store/events/retention.ts';
import { migrate } from '../../src/store/migrations/migrate.ts';
import { createPool } from '../../src/store/postgres/database.ts';
import type { BenchContext, Row, Scenario } from '../bench.ts';
import { ratio } from '../figures.ts';
import { fillMonths, PROJECTS } from '../months/fill.ts';
import { tableSizes } from '../months/sizes.ts';
import { deliverOnce, LISTS, type StepTimes } from '../months/statements.ts';
import { percentile, roundForReport } from '../percentiles.ts';

const BODY_BYTES = 1_024;
const DAYS = 60;
/** Events of the database that the filled one is compared with. */
const FEW_EVENTS = 1_000;
const ROUNDS = 200;
const TIMES_EACH_LIST = 10;
const DAY_MS = 86_400_000;

/** What months of data cost: bytes on disk, the statements of a delivery, pages of lists, and their removal. */
export const months: Scenario = {
  title: 'A database with months of data, beside one with a thousand events',
  runByDefault: false,
  takes: '10 min for 1,000,000 events; see --events',
  async run(bench) {
    const dataDir = mkdtempSync(join(tmpdir(), 'posthorn-months-'));
    chmodSync(dataDir, 0o711); // for the user that Postgres runs as
    const server = await startEmbeddedPostgres({ dataDir, log: console.error });
    try {
      const [few, filled] = [
        await newDatabase(server.url, 'few', FEW_EVENTS),
        await newDatabase(server.url, 'filled', bench.events),
      ];
      try {
        return await measure(bench, few, filled);
      } finally {
        await Promise.all([few.end(), filled.end()]);
      }
    } finally {
      await server.stop();
      rmSync(server.folder, { recursive: true, force: true });
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
};

async function newDatabase(serverUrl: string, name: string, events: number): Promise<pg.Pool> {
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = new URL(serverUrl);
  url.pathname = name;
  await migrate(url.toString());
  await fillMonths(url.toString(), { events, bodyBytes: BODY_BYTES, days: DAYS });
  return createPool(url.toString());
}

const row = (what: string, unit: string, few: number | '', filled: number): Row => ({
  ...{ '': what, unit, few: few === '' ? '' : roundForReport(few), filled: roundForReport(filled) },
  'filled ÷ few': few === '' ? '' : ratio(filled, few),
});

async function measure(bench: BenchContext, few: pg.Pool, filled: pg.Pool): Promise<Row[]> {
  const sizes = await tableSizes(filled);
  return [
    row('events, each with one delivery', '', FEW_EVENTS, bench.events),
    ...sizes.flatMap(({ table, heap, indexes }) => [
      row(table, 'bytes per delivery', '', heap / bench.events),
      row(`indexes of ${table}`, 'bytes per delivery', '', indexes / bench.events),
    ]),
    ...(await steps(few, filled)),
    ...(await lists(few, filled)),
    ...(await retention(filled, bench.seconds)),
  ];
}

/** Of 16 events with a delivery each, on both databases in turn. */
async function steps(few: pg.Pool, filled: pg.Pool): Promise<Row[]> {
  const took: Record<'few' | 'filled', StepTimes[]> = { few: [], filled: [] };
  for (let n = 0; n < ROUNDS; n++) {
    took.few.push(await deliverOnce(few, BODY_BYTES));
    took.filled.push(await deliverOnce(filled, BODY_BYTES));
  }
  const at = (share: number, of: StepTimes[], step: keyof StepTimes) =>
    percentile(
      of.map((times) => times[step]),
      share,
    );
  return (['accept', 'claim', 'record'] as const).flatMap((step) =>
    [0.5, 0.95].map((share) =>
      row(`${step} 16: p${share * 100}`, 'ms', at(share, took.few, step), at(share, took.filled, step)),
    ),
  );
}

async function lists(few: pg.Pool, filled: pg.Pool): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, list] of Object.entries(LISTS)) {
    const took = { few: [] as number[], filled: [] as number[] };
    for (let n = 0; n < TIMES_EACH_LIST; n++) {
      took.few.push(await timeOf(() => list(few)));
      took.filled.push(await timeOf(() => list(filled)));
    }
    rows.push(row(`page of ${name}`, 'p50 ms', percentile(took.few, 0.5), percentile(took.filled, 0.5)));
  }
  return rows;
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Batches without a pause, alone and beside deliveries one after another. */
async function retention(pool: pg.Pool, seconds: number): Promise<Row[]> {
  const before = await timeBefore(pool, 30 * DAY_MS);
  const removal = removeOldest(pool, before);
  const alone = await removePerSecond(removal.events, seconds);
  const outcomes = await removePerSecond(removal.outcomes, seconds);
  const quiet = await recordTimes(pool, seconds);
  let beside = 0;
  let ends = false;
  const removing = (async () => {
    while (!ends) beside += await removal.events();
  })();
  const busy = await recordTimes(pool, seconds);
  ends = true;
  await removing;
  return [
    row('removal of events, alone', 'per second', '', alone),
    row('removal of outcomes, alone', 'per second', '', outcomes),
    row('removal of events, beside deliveries', 'per second', '', beside / seconds),
    row('store, claim and record 16, alone: p50', 'ms', '', percentile(quiet, 0.5)),
    row('store, claim and record 16, alone: p95', 'ms', '', percentile(quiet, 0.95)),
    row('store, claim and record 16, beside a removal without pauses: p50', 'ms', '', percentile(busy, 0.5)),
    row('store, claim and record 16, beside a removal without pauses: p95', 'ms', '', percentile(busy, 0.95)),
  ];
}

function removeOldest(pool: pg.Pool, before: Date) {
  let position: Awaited<ReturnType<typeof removeSettledEvents>>['next'] = null;
  let sequence: string | null = null;
  return {
    async events(): Promise<number> {
      const batch = await removeSettledEvents(pool, PROJECTS[0]!, before, position);
      position = batch.next;
      return batch.removed;
    },
    async outcomes(): Promise<number> {
      const batch = await removeOutcomes(pool, before, sequence ?? '0');
      sequence = batch.next;
      return batch.removed;
    },
  };
}

async function removePerSecond(remove: () => Promise<number>, seconds: number): Promise<number> {
  const startedAt = performance.now();
  let removed = 0;
  while (performance.now() < startedAt + seconds * 1_000) {
    const batch = await remove();
    if (batch === 0) break;
    removed += batch;
  }
  return (removed * 1_000) / (performance.now() - startedAt);
}

async function recordTimes(pool: pg.Pool, seconds: number): Promise<number[]> {
  const took: number[] = [];
  for (const until = performance.now() + seconds * 1_000; performance.now() < until; )
    took.push(await timeOf(() => deliverOnce(pool, BODY_BYTES)));
  return took;
}
