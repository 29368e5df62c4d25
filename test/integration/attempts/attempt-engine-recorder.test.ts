import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import {
  createRecorder,
  type PendingRecord,
  type Recorder,
} from '../../../src/attempts/recording/recorder.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/embedded/postgres/postgres.ts';
import { processIdentity } from '../../../src/embedded/processes/process-identity.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { createPool } from '../../../src/store/postgres/database.ts';
import { recordHeartbeat } from '../../../src/store/processes/processes.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { acceptEvents } from '../../store/accept-events.ts';
import { SECRET, type SeededStore, secretBox, seedStore } from '../../store/seed.ts';
import { deadlineIn, startTestEngine, type TestEngine } from './attempt-engine-set-up.ts';

let store: SeededStore;
let recorder: Recorder;
let turns: string[];
let undeliverable: string[];
let failures: { error: unknown; deliveryId: string | null }[];

beforeEach(async () => {
  store = await seedStore();
  failures = [];
  turns = [];
  undeliverable = [];
  recorder = createRecorder({
    pool: store.pool,
    onRecorded: () => {},
    onUndeliverable: (deliveries) => undeliverable.push(...deliveries.map(({ id }) => id)),
    effects: {
      ...{ disabled: () => {}, restricted: () => {}, succeeded: () => {} },
      turnsEnded: (ended) => turns.push(...ended.map(({ receiver }) => receiver)),
    },
    onFailure: (error, deliveryId) => failures.push({ error, deliveryId }),
  });
});
afterEach(() => {
  jest.useRealTimers();
  return store.drop();
});

/** Claims the deliveries of `count` events and returns a record for each. */
async function claimedRecords(count: number): Promise<PendingRecord[]> {
  const drafts = Array.from({ length: count }, () =>
    store.draft({ target: { url: 'http://127.0.0.1:9/', secret: SECRET } }),
  );
  const { deliveries } = await acceptEvents(store.pool, secretBox, drafts, () => 'mine');
  const claims = await claimDeliveries(
    store.pool,
    'mine',
    deliveries.map(({ id }) => ({ id, step: 0 })),
  );
  return claims.map(({ id, epoch }) => ({
    id,
    epoch,
    startedAt: new Date(),
    durationMs: 3,
    outcome: 'rejected',
    statusCode: 500,
    resent: false,
    requestUrl: 'http://127.0.0.1:9/',
    requestHeaders: Buffer.from('{}'),
    responseHeaders: Buffer.from('{}'),
    responseBody: Buffer.from('no'),
    responseTruncated: false,
    errorCode: null,
    errorMessage: null,
    retryAt: deadlineIn(60_000),
    finalReason: null,
    receiverFailure: null,
    nextOwner: null,
  }));
}

const transactions = async (): Promise<number> =>
  (await store.queryOne<{ n: number }>('SELECT count(DISTINCT xmin::text)::int AS n FROM attempts')).n;

test('a record tells when another delivery may have its turn, unless the next of its line follows by itself', async () => {
  const [first, second, third] = (await claimedRecords(3)) as [PendingRecord, PendingRecord, PendingRecord];
  const { receiver } = await store.queryOne<{ receiver: string }>('SELECT DISTINCT receiver FROM deliveries');
  await store.pool.query(
    `INSERT INTO receiver_gates (receiver, project_id, rate, rate_period) VALUES ($1, $2, 1, 'second')`,
    [receiver, store.project],
  );
  await recorder.record(first, deadlineIn(30_000));
  expect(turns).toEqual([]);

  await store.pool.query('UPDATE receiver_gates SET concurrency = 1');
  await recorder.record({ ...second, isInLine: true }, deadlineIn(30_000));
  expect(turns).toEqual([]);
  await recorder.record(third, deadlineIn(30_000));
  await eventually(() => turns.length > 0);
  expect(turns).toEqual([receiver]);
});

test('outcomes that arrive together are written together, 100 at a time', async () => {
  const records = await claimedRecords(230);

  const recorded = await Promise.all(records.map((record) => recorder.record(record, deadlineIn(30_000))));

  expect(recorded.every(({ kind }) => kind === 'recorded')).toBe(true);
  expect(await transactions()).toBe(3);
});

test('when Postgres has little to do, 16 outcomes are written at once, and fewer wait for others', async () => {
  const records = await claimedRecords(17);
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'Date', 'performance'] });
  const few = records.slice(0, 15).map((record) => recorder.record(record, deadlineIn(30_000)));
  recorder.flushIfMany();
  await store.pool.query('SELECT');
  expect(await transactions()).toBe(0);

  const sixteenth = recorder.record(records[15]!, deadlineIn(30_000));
  recorder.flushIfMany();
  await Promise.all([...few, sixteenth]);
  expect(await transactions()).toBe(1);
});

test('a single outcome is recorded 20 ms later, although no others follow', async () => {
  const [record] = await claimedRecords(1);
  const began = performance.now();

  const recorded = await recorder.record(record!, deadlineIn(30_000));

  expect(performance.now() - began).toBeGreaterThanOrEqual(19);
  expect(recorded).toMatchObject({ kind: 'recorded' });
});

test('an attempt whose data Postgres rejects is recorded without the response, and the others completely', async () => {
  const records = await claimedRecords(5);
  const invalid = { ...records[2]!, errorCode: 'odd', errorMessage: 'NUL \u0000 in a text' };

  const recorded = await Promise.all(
    records.with(2, invalid).map((record) => recorder.record(record, deadlineIn(30_000))),
  );

  expect(recorded.every(({ kind }) => kind === 'recorded')).toBe(true);
  expect(failures).toMatchObject([{ deliveryId: invalid.id }]);
  expect(await store.attemptsOf(invalid.id)).toMatchObject([
    { outcome: 'rejected', status_code: 500, error_code: 'odd', error_message: null, response_body: null },
  ]);
  expect(await store.attemptsOf(records[0]!.id)).toMatchObject([{ response_body: Buffer.from('no') }]);
});

test('a record that is written twice advances its delivery once', async () => {
  const [record] = await claimedRecords(1);

  const together = await Promise.all([
    recorder.record(record!, deadlineIn(30_000)),
    recorder.record(record!, deadlineIn(30_000)),
  ]);
  const later = await recorder.record(record!, deadlineIn(30_000));

  expect(together.map(({ kind }) => kind)).toEqual(['recorded', 'recorded']); // one statement confirms both
  expect(later).toEqual({ kind: 'superseded' });
  expect(await store.attemptsOf(record!.id)).toHaveLength(1);
  expect(await store.deliveryOf(record!.id)).toMatchObject({ step: 1, attempts: 1 });
});

test('of two claims of one delivery in one flush, only the current one advances it', async () => {
  const [record] = await claimedRecords(1);
  await store.pool.query('UPDATE deliveries SET epoch = 2');

  const recorded = await Promise.all([
    recorder.record(record!, deadlineIn(30_000)),
    recorder.record({ ...record!, epoch: 2 }, deadlineIn(30_000)),
  ]);

  expect(recorded.map(({ kind }) => kind)).toEqual(['superseded', 'recorded']);
});

test('of two claims of one delivery in one flush, the earlier one replaces its unknown outcome', async () => {
  const [record] = await claimedRecords(1);
  await store.pool.query(
    `INSERT INTO attempts (delivery_id, epoch, number, step, trigger, started_at, duration_ms, outcome)
     VALUES ($1, 1, 1, 0, 'schedule', now(), 0, 'unknown')`,
    [record!.id],
  );
  await store.pool.query('UPDATE deliveries SET epoch = 2, attempts = 1');

  await Promise.all([
    recorder.record({ ...record!, outcome: 'delivered', statusCode: 200 }, deadlineIn(30_000)),
    recorder.record({ ...record!, epoch: 2 }, deadlineIn(30_000)),
  ]);

  expect(await store.attemptsOf(record!.id)).toMatchObject([
    { epoch: 1, outcome: 'delivered', status_code: 200 },
    { epoch: 2, outcome: 'rejected' },
  ]);
});

test('a record that arrives after its deadline resolves as unrecorded at once, and is still written', async () => {
  const [record] = await claimedRecords(1);
  const timers = jest.spyOn(globalThis, 'setTimeout');

  expect(await recorder.record(record!, deadlineIn(-1_000))).toEqual({ kind: 'unrecorded' });

  // Node prints a warning for a negative delay.
  expect(timers.mock.calls.filter(([, ms]) => ms !== undefined && ms < 0)).toEqual([]);
  timers.mockRestore();
  await eventually(async () => (await store.attemptsOf(record!.id)).length === 1);
});

test('a last attempt is reported as undeliverable, also when its caller has given up', async () => {
  const [first, second] = (await claimedRecords(2)) as [PendingRecord, PendingRecord];
  const last = { retryAt: null, finalReason: null };

  await recorder.record({ ...first, ...last }, deadlineIn(30_000));
  await recorder.record({ ...second, ...last }, deadlineIn(0));

  await eventually(() => undeliverable.length === 2);
  expect(undeliverable).toEqual([first.id, second.id]);
});

describe('while Postgres is down', () => {
  let dataDir: string;
  let postgres: EmbeddedPostgres;
  let receiver: Receiver;
  let pool: pg.Pool;
  let engine: TestEngine;
  let id: string;

  const startPostgres = () => startEmbeddedPostgres({ dataDir, log: () => {} });
  const attempts = async () => (await pool.query('SELECT number, outcome, response_body FROM attempts')).rows;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'posthorn-recorder-'));
    chmodSync(dataDir, 0o711);
    postgres = await startPostgres();
    receiver = await startReceiver([
      async (_, response) => {
        process.kill(postgres.pid, 'SIGKILL');
        await eventually(() => processIdentity(postgres.pid) === undefined);
        response.writeHead(503).end('later');
      },
    ]);
    pool = createPool(postgres.url);
    engine = startTestEngine(pool, secretBox);
    await migrate(postgres.url);
    await recordHeartbeat(pool, { id: 'prc_engine', role: 'worker', host: 'here', pid: 7 });
    await pool.query(`INSERT INTO projects (id, name, profile) VALUES ($1, 'test', 'standard-webhooks')`, [
      store.project,
    ]);
    const draft = store.draft({ target: { url: receiver.url, secret: SECRET } });
    const { deliveries } = await acceptEvents(pool, secretBox, [draft], () => 'mine');
    id = deliveries[0]!.id;
  });
  afterEach(async () => {
    await engine.close();
    await pool.end();
    await receiver.close();
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  test('an attempt that ends is reported as codes, and another process can record it', async () => {
    const { results, unrecorded } = await engine.run([{ id, step: 0 }], 'mine', deadlineIn(3_000));

    expect(results).toEqual([]);
    expect(unrecorded).toMatchObject([
      { id, epoch: 1, outcome: 'rejected', statusCode: 503, delayMs: 60_000 },
    ]);
    await engine.close();
    postgres = await startPostgres();
    const other = startTestEngine(pool, secretBox);
    expect(await other.recordLate(unrecorded, 'mine')).toMatchObject([
      { id, kind: 'waiting', step: 1, lastOutcome: '503' },
    ]);
    await other.close();
    expect(await attempts()).toEqual([{ number: 1, outcome: 'rejected', response_body: null }]);
    expect(receiver.requests).toHaveLength(1);
  });

  test('an attempt whose report is lost is recorded by its process afterwards, and not made again', async () => {
    await engine.run([{ id, step: 0 }], 'mine', deadlineIn(3_000));
    postgres = await startPostgres();

    await eventually(async () => {
      const { results } = await engine.run([{ id, step: 0 }], 'mine', deadlineIn(10_000));
      return results[0]!.kind === 'waiting' && results[0]!.step === 1;
    });

    expect(await attempts()).toEqual([
      { number: 1, outcome: 'rejected', response_body: Buffer.from('later') },
    ]);
    expect(receiver.requests).toHaveLength(1);
  });
});
