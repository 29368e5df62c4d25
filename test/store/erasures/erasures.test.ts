import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { retryDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { beginErasure } from '../../../src/store/erasures/begin-erasure.ts';
import { PROJECT_TABLES } from '../../../src/store/erasures/erase-remains.ts';
import { findErasure } from '../../../src/store/erasures/erasures.ts';
import {
  createOperationalProject,
  operationalProjectOf,
} from '../../../src/store/operational/operational-project.ts';
import { QuotaReached } from '../../../src/store/projects/enforce-quota.ts';
import { eventually } from '../../set-up/eventually.ts';
import { tablesWith } from '../../set-up/stored-text.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import {
  begin,
  beginProject,
  closeErasures,
  deliverEvent,
  runStepByStep,
  startErasures,
  temporalWith,
  untilCompleted,
} from './erasures-set-up.ts';

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(async () => {
  await closeErasures();
  await store.drop();
});

const countOf = async (table: string, where = 'true') =>
  (await store.queryOne<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`)).n;
const counts = async (where = 'true') => [
  await countOf('events', where),
  await countOf('deliveries', where),
  await countOf('outcomes', where),
];

const PLANT = Buffer.from('{"type":"a.b","data":"plant"}');
const planted = (consumer: string | null, id?: string) => ({
  consumer,
  data: PLANT,
  body: PLANT,
  attributes: { mail: 'plant' },
  ...(id === undefined ? {} : { id }),
});

/** Outcomes of other events, at times from `hours` ago on. */
const addOutcomes = (count: number, hours: number) =>
  store.pool.query(
    `INSERT INTO outcomes (project_id, kind, event_id, status, at)
     SELECT $1, 'event.settled', 'other', 'delivered', now() - $3 * interval '1 hour' FROM generate_series(1, $2::int)`,
    [store.project, count, hours],
  );

test('an event is erased with its deliveries, attempts, answers and outcomes, and no other event is', async () => {
  await store.newEndpoint();
  await addOutcomes(6_000, 50);
  await deliverEvent(store, 'event/1', planted(null, 'gone'));
  await deliverEvent(store, 'event/2', { id: 'kept' });
  await addOutcomes(6_000, 0);
  const temporal = temporalWith('event/1', 'event/2');
  const erasures = startErasures(store, () => temporal);

  const job = await begin(store, 'event', 'gone');
  const completed = await untilCompleted(store, job);
  await erasures.close();

  expect(completed).toMatchObject({ eventsErased: 1, workflowsDeleted: 1, waitingFor: null });
  expect(await counts(`project_id = '${store.project}'`)).toEqual([1, 1, 12_002]);
  expect(await countOf('attempts')).toBe(1);
  expect([...temporal.ids]).toEqual(['event/2']);
  expect(await countOf('erased_events')).toBe(0);
  expect(await countOf('outcomes', `event_id = 'gone'`)).toBe(0);
});

test('a consumer is erased with events, endpoints and keys, whichever step its processes die after', async () => {
  await store.newEndpoint({ consumer: 'acme', url: 'http://127.0.0.1:9/plant' });
  await store.newEndpoint({ consumer: 'globex' });
  await store.pool.query(
    `INSERT INTO api_keys (id, project_id, consumer, hash) VALUES ('key_1', $1, 'acme', 'x')`,
    [store.project],
  );
  await store.pool.query(
    `INSERT INTO operational_events (project_id, type, data) VALUES ($1, 'endpoint.failing', '{"consumer": "acme"}')`,
    [store.project],
  );
  for (let n = 0; n < 3; n++) await deliverEvent(store, 'group/1', planted('acme'));
  await store.acceptEvent(null, planted('acme'));
  await deliverEvent(store, 'group/1', { consumer: 'globex' }, 'other');

  const job = await begin(store, 'consumer', 'acme');
  expect(await countOf('api_keys', `consumer = 'acme'`)).toBe(0);
  expect(await runStepByStep(store, job)).toBeGreaterThan(5);

  expect(await tablesWith(store.pool, 'plant')).toEqual([]);
  // The tombstone, and the job itself.
  expect(await tablesWith(store.pool, 'acme')).toEqual(['deleted_consumers', 'erasures']);
  expect(await counts(`consumer = 'globex'`)).toEqual([1, 1, 2]);
  expect(await countOf('endpoints', `consumer = 'globex'`)).toBe(1);
});

test('a consumer that was deleted before is erased with its events, and a later one with its id keeps its own', async () => {
  await store.acceptEvent(null, planted('acme', 'old'));
  const first = await begin(store, 'consumer', 'acme');
  await runStepByStep(store, first);
  await store.acceptEvent(null, { consumer: 'acme', id: 'new', createdAt: new Date(Date.now() + 1_000) });

  expect(await countOf('events')).toBe(1);
  expect(await store.queryOne('SELECT id FROM events')).toEqual({ id: 'new' });
  const second = await begin(store, 'consumer', 'acme');
  expect(second.id).not.toBe(first.id);
  await runStepByStep(store, second);
  expect(await countOf('events')).toBe(0);
});

test('a second request returns the running job, which also erases what was created in between', async () => {
  await store.acceptEvent(null, planted('acme'));
  const job = await begin(store, 'consumer', 'acme');
  const erasures = startErasures(store);
  await untilCompleted(store, job);
  await erasures.close();
  await store.acceptEvent(null, planted('acme'));
  const next = await begin(store, 'consumer', 'acme');
  await store.acceptEvent(null, planted('acme'));

  expect((await begin(store, 'consumer', 'acme')).id).toBe(next.id);
  await runStepByStep(store, next);
  expect(await countOf('events')).toBe(0);
});

test('an attempt under way ends first, and nothing is attempted after that', async () => {
  await store.newEndpoint();
  const { ids } = await store.acceptEvent('event/1', planted(null, 'gone'));
  const [claim] = await claimDeliveries(store.pool, 'event/1', [{ id: ids[0]!, step: 0 }]);
  const erasures = startErasures(store);

  const job = await begin(store, 'event', 'gone');
  erasures.wake();
  await eventually(async () => (await findErasure(store.pool, null, job.id))?.waitingFor === 'attempts');
  expect(await store.deliveryOf(ids[0]!)).toMatchObject({ cancel_reason: 'erased', status: 'pending' });
  await recordAttempts(store.pool, [attemptRecordOf(claim!)]);
  await untilCompleted(store, job);
  await erasures.close();

  expect(await tablesWith(store.pool, 'plant')).toEqual([]);
  // The record of an attempt that comes twice, or late, stores nothing.
  await recordAttempts(store.pool, [attemptRecordOf(claim!, { responseBody: Buffer.from('plant') })]);
  expect(await tablesWith(store.pool, 'plant')).toEqual([]);
});

test('retries during an erasure neither survive it nor fail', async () => {
  await store.newEndpoint();
  const deliveries: string[] = [];
  for (let n = 0; n < 20; n++) deliveries.push(await deliverEvent(store, `event/${n}`, planted('acme')));
  await store.newEndpoint({ consumer: 'acme' });
  const erasures = startErasures(store);

  const job = await begin(store, 'consumer', 'acme');
  erasures.wake();
  const results = await Promise.all(
    deliveries.map((id) => retryDelivery(store.pool, store.project, null, id)),
  );
  await untilCompleted(store, job);
  await erasures.close();

  expect(
    results.every(({ result }) => ['replayed', 'not_found', 'endpoint_deleted'].includes(result.kind)),
  ).toBe(true);
  expect(await tablesWith(store.pool, 'plant')).toEqual([]);
});

test('an event of a transaction that was open when its consumer was deleted is erased', async () => {
  const client = await store.pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT pg_current_xact_id()');
  await store.acceptEvent(null, planted('acme', 'early'));
  const erasures = startErasures(store);
  const job = await begin(store, 'consumer', 'acme');
  await eventually(async () => (await countOf('events')) === 0);

  await client.query(
    `INSERT INTO events (project_id, id, type, consumer, attributes, data, body, content_hash, profile, profile_version,
                         status, delivery_count, open_count, created_at)
     VALUES ($1, 'late', 'a.b', 'acme', '{}', '1', 'plant', '', 'standard-webhooks', 1, 'unrouted', 0, 0,
             now() - interval '1 minute')`,
    [store.project],
  );
  await client.query('COMMIT');
  client.release();

  await untilCompleted(store, job);
  await erasures.close();
  expect(await countOf('events')).toBe(0);
});

test('without Temporal everything else is erased, and the job ends when Temporal is back', async () => {
  await store.newEndpoint();
  await deliverEvent(store, 'event/1', planted(null, 'gone'));
  let temporal: ReturnType<typeof temporalWith> | null = null;
  const erasures = startErasures(store, () => temporal);

  const job = await begin(store, 'event', 'gone');
  await eventually(async () => (await findErasure(store.pool, null, job.id))?.waitingFor === 'temporal');
  expect(await tablesWith(store.pool, 'plant')).toEqual([]);
  expect(await countOf('outcomes')).toBe(0);
  temporal = temporalWith('event/1');
  await store.pool.query('UPDATE erasures SET not_before = now()');

  expect(await untilCompleted(store, job)).toMatchObject({ workflowsDeleted: 1 });
  await erasures.close();
});

test('a project is erased with everything in it, and another one with the same ids is not', async () => {
  const other = await store.newProject();
  for (const project of [store.project, other]) {
    await store.newEndpoint({ project, consumer: 'acme' });
    for (const [n, consumer] of ['acme', null].entries())
      await store.acceptEvent(null, { projectId: project, consumer, id: `event_${n}` });
    await store.pool.query(
      `WITH key AS (INSERT INTO api_keys (id, project_id, hash) VALUES ('key_' || $1, $1, $1::bytea)),
            type AS (INSERT INTO event_types (project_id, type, description) VALUES ($1, 'a.b', '')),
            deleted AS (INSERT INTO deleted_consumers (project_id, id, deleted_at) VALUES ($1, 'old', now()))
       INSERT INTO profiles (scope, name, version, title, event_types, source) VALUES ($1, 'own', 1, '', '{}', '{}')`,
      [project],
    );
  }
  const before = await Promise.all(
    (await tablesWith(store.pool, other)).map((table) => countOf(table, 'true')),
  );

  const job = await beginProject(store);
  expect(await countOf('api_keys', `project_id = '${store.project}'`)).toBe(0);
  const erasures = startErasures(store);
  await untilCompleted(store, job);
  await erasures.close();

  expect(await tablesWith(store.pool, store.project)).toEqual(['erasures']);
  expect(before.length).toBeGreaterThan(6);
  const tables = await tablesWith(store.pool, other);
  expect(await Promise.all(tables.map((table) => countOf(table, 'true')))).toEqual(before.map((n) => n / 2));
});

test('every table with rows of a project is known to the erasure of a project', async () => {
  const { rows } = await store.pool.query<{ table_name: string }>(
    `SELECT DISTINCT table_name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name = 'project_id' ORDER BY 1`,
  );
  // Removed with the events, or kept on purpose.
  const others = ['audit_entries', 'deliveries', 'erasures', 'events', 'outcomes'];
  expect(rows.map((row) => row.table_name)).toEqual([...PROJECT_TABLES, ...others].toSorted());
});

test('two processes share the jobs of several projects, and complete each once', async () => {
  const jobs = [];
  for (let n = 0; n < 6; n++) {
    const project = await store.newProject();
    for (let m = 0; m < 5; m++) await store.acceptEvent(null, { projectId: project, consumer: null });
    jobs.push(await beginProject(store, project));
  }
  const processes = [startErasures(store), startErasures(store)];
  for (const { wake } of processes) wake();

  const completed = await Promise.all(jobs.map((job) => untilCompleted(store, job)));
  for (const { close } of processes) await close();
  expect(completed.map(({ eventsErased }) => eventsErased)).toEqual(Array(6).fill(5));
  expect(await countOf('projects', `id <> '${store.project}'`)).toBe(0);
});

/** A recovery about a consumer that has run twice. */
const addJob = (id: string, consumer: string | null, status = 'running') =>
  store.pool.query(
    `INSERT INTO bulk_jobs (id, kind, project_id, started_by, filter, policy, rate, status, run, ended_at)
     VALUES ($1, 'recover_failed', $2, 'admin', jsonb_build_object('consumer', $3::text), '{}', 50, $4, 2,
             CASE WHEN $4 = 'done' THEN now() END)`,
    [id, store.project, consumer, status],
  );
const statusOf = async (id: string) =>
  (await store.queryOne<{ status: string }>(`SELECT status FROM bulk_jobs WHERE id = '${id}'`)).status;

test("a consumer's recoveries end when its erasure begins, and are erased with their workflows", async () => {
  await store.newEndpoint({ consumer: 'acme' });
  await addJob('rec_running', 'acme');
  await addJob('rec_paused', 'acme', 'paused');
  await addJob('rec_done', 'acme', 'done');
  await addJob('rec_other', 'globex');
  await addJob('rec_all', null);
  const of = (id: string) => [1, 2].map((run) => `recover/${store.project}/${id}/${run}`);
  const temporal = temporalWith(...['rec_running', 'rec_paused', 'rec_done', 'rec_other'].flatMap(of));

  const job = await begin(store, 'consumer', 'acme');
  expect([await statusOf('rec_running'), await statusOf('rec_paused')]).toEqual(['cancelled', 'cancelled']);
  expect([await statusOf('rec_other'), await statusOf('rec_all')]).toEqual(['running', 'running']);
  const erasures = startErasures(store, () => temporal);
  expect(await untilCompleted(store, job)).toMatchObject({ workflowsDeleted: 6 });
  await erasures.close();

  expect([...temporal.ids]).toEqual(of('rec_other'));
  expect((await store.pool.query('SELECT id FROM bulk_jobs ORDER BY id')).rows).toEqual([
    { id: 'rec_all' },
    { id: 'rec_other' },
  ]);
});

test("a project's recoveries end when its erasure begins, and open workflows of theirs are deleted too", async () => {
  await addJob('rec_1', null);
  const workflow = `recover/${store.project}/rec_1/2`;
  const temporal = { ...temporalWith(workflow), stateOf: async () => 'running' as const };
  // A workflow of a job was started with no deliveries.
  temporal.deliveriesOf = () => Promise.reject(new Error('it carries a job'));

  const job = await beginProject(store);
  expect(await statusOf('rec_1')).toBe('cancelled');
  const erasures = startErasures(store, () => temporal);
  await untilCompleted(store, job);
  await erasures.close();
  expect([...temporal.ids]).toEqual([]);
});

test('what the owner was told about a consumer is erased, also where it has been sent, and nothing else is', async () => {
  const hidden = operationalProjectOf(store.project);
  await createOperationalProject(store.pool, store.project);
  await store.newEndpoint({ project: hidden });
  await store.newEndpoint({ consumer: 'acme' });
  const tell = (id: string, consumer: string, handedOver: string) =>
    store.pool.query(
      `INSERT INTO operational_events (id, project_id, type, data, handed_over_at)
       VALUES ($1, $2, 'endpoint.failing', jsonb_build_object('consumer', $3::text), ${handedOver})`,
      [id, store.project, consumer],
    );
  for (const [name, consumer] of [
    ['sent', 'acme'],
    ['other', 'globex'],
  ] as const) {
    await tell(`oev_${name}`, consumer, `now() - interval '1 minute'`);
    const body = Buffer.from(JSON.stringify({ consumer }));
    await deliverEvent(store, `event/${name}`, { projectId: hidden, id: `evt_${name}`, data: body, body });
  }
  await tell('oev_waiting', 'acme', 'NULL');
  const temporal = temporalWith('event/sent', 'event/other');
  const erasures = startErasures(store, () => temporal);

  await untilCompleted(store, await begin(store, 'consumer', 'acme'));
  await erasures.close();

  expect(await tablesWith(store.pool, 'acme')).toEqual(['erasures']);
  expect([...temporal.ids]).toEqual(['event/other']);
  expect(await counts(`project_id = '${hidden}'`)).toEqual([1, 1, 4]);
  expect((await store.pool.query('SELECT id FROM operational_events')).rows).toEqual([{ id: 'oev_other' }]);
});

test('responses to idempotent calls about a consumer are erased, whoever made the call', async () => {
  await store.newEndpoint({ consumer: 'acme' });
  const keep = (consumer: string, about: string | null) =>
    store.pool.query(
      `INSERT INTO idempotency_keys (project_id, consumer, key_hash, request_mac, about) VALUES ($1, $2, $3, '', $4)`,
      [store.project, consumer, Buffer.from(`${consumer} ${about}`), about],
    );
  await keep('acme', 'acme');
  await keep('', 'acme');
  await keep('', 'globex');
  await keep('', null);
  await runStepByStep(store, await begin(store, 'consumer', 'acme'));
  expect(await countOf('idempotency_keys', `about = 'acme' OR consumer = 'acme'`)).toBe(0);
  expect(await countOf('idempotency_keys')).toBe(2);
});

test('at the quota, the erasure that runs is returned, and another one is refused', async () => {
  await store.acceptEvent(null, planted(null, 'one'));
  await store.acceptEvent(null, planted(null, 'two'));
  const beginOne = (subject: string) =>
    beginErasure(store.pool, 'event', { id: `era_${subject}`, projectId: store.project, subject }, 1);
  const running = await beginOne('one');
  expect(await beginOne('one')).toEqual(running);
  await expect(beginOne('two')).rejects.toThrow(QuotaReached);
});
