import type { Group } from '../../../src/dispatch/groups/group.ts';
import { StartSlots } from '../../../src/dispatch/groups/start-slots.ts';
import type { InFlightLimiter } from '../../../src/dispatch/in-flight-limiter.ts';
import { createRestrictedQueue } from '../../../src/dispatch/queues/restricted-queue.ts';
import { createRestrictedRotation } from '../../../src/dispatch/queues/restricted-rotation.ts';
import type { WorkflowStarter } from '../../../src/dispatch/workflow-starter.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { restrictedReceiversWaiting } from '../../../src/store/deliveries/assignments/restricted-receivers.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';
import { explainQueries } from './explain.ts';

const PROJECTS = 50;
const RECEIVERS = 5_000;
const OF_THE_LARGE = 10_000;

let store: SeededStore;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

/** Receivers with a rate, each with one delivery that is due. `name` tells the project of each, and its own. */
async function addReceivers(
  count: number,
  projects: number,
  project: string,
  receiver: string,
): Promise<void> {
  await store.pool.query(
    `WITH numbered AS (
       SELECT $1 || lpad((n % $3)::text, 4, '0') AS project, $2 || n AS receiver, n FROM generate_series(1, $4::int) AS n
     ), events AS (
       INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                           delivery_count, open_count, created_at)
       SELECT DISTINCT project, 'evt_1', 'a.b', '{}'::jsonb, '{}'::bytea, '{}'::bytea, ''::bytea, 'standard-webhooks', 1, 'pending',
              1000, 1000, now() FROM numbered
     ), gates AS (
       INSERT INTO receiver_gates (receiver, project_id, rate, rate_period) SELECT receiver, project, 6, 'minute' FROM numbered
     )
     INSERT INTO deliveries (id, project_id, event_id, receiver, policy, lane, status, due_at, created_at)
     SELECT 'dlv_' || receiver, project, 'evt_1', receiver, $5, 'restricted', 'pending', now() - interval '1 second', now()
     FROM numbered`,
    [project, receiver, projects, count, serializePolicy(POLICY)],
  );
}

const UNLIMITED = {
  hasCapacity: () => true,
  recordDispatched: () => {},
  hasClaimBacklog: () => false,
  refresh: async () => {},
} satisfies InFlightLimiter;

/** The queue, with workers that are done with each workflow as soon as it starts. */
function startQueue() {
  const started: { projectId: string; receivers: string[] }[] = [];
  const starter = {
    canStart: () => true,
    start(group: Group) {
      const { projectId, deliveries } = group.assignment;
      started.push({ projectId, receivers: deliveries.map(({ id }) => id.replace('dlv_', '')) });
      group.move('end');
    },
  } as unknown as WorkflowStarter;
  const queue = createRestrictedQueue(
    {
      ...{ pool: store.pool, inFlightLimiter: UNLIMITED, starter, slots: new StartSlots('auto') },
      ...{ grouping: 'auto', maxWaitMs: 250, processId: null },
    },
    { maxPerReceiver: 32, drainRate: 20 },
  );
  /** What was sent has been delivered. */
  async function read(): Promise<void> {
    await queue.read();
    await store.pool.query(
      `WITH listed AS (DELETE FROM assigned_first_attempts)
       UPDATE deliveries SET status = 'delivered', due_at = NULL WHERE owner IS NOT NULL AND due_at IS NOT NULL`,
    );
  }
  return { read, started };
}

test('5,000 receivers of 50 projects all have their turn, and no project twice before another had one', async () => {
  await addReceivers(RECEIVERS, PROJECTS, 'prj_', 'ep_');
  await store.pool.query('ANALYZE deliveries; ANALYZE receiver_gates');
  const { read, started } = startQueue();

  const startedAt = performance.now();
  let reads = 0;
  for (; started.flatMap(({ receivers }) => receivers).length < RECEIVERS && reads < 100; reads += 1)
    await read();
  process.stdout.write(
    `${RECEIVERS} receivers in ${reads} reads and ${Math.round(performance.now() - startedAt)} ms\n`,
  );

  expect(new Set(started.flatMap(({ receivers }) => receivers)).size).toBe(RECEIVERS);
  expect(new Set(started.slice(0, PROJECTS).map(({ projectId }) => projectId)).size).toBe(PROJECTS);
  // Each has had its request of the next ten seconds.
  await read();
  expect(started.flatMap(({ receivers }) => receivers)).toHaveLength(RECEIVERS);
});

test('a project with 10,000 waiting receivers does not delay another with one', async () => {
  await addReceivers(OF_THE_LARGE, 1, 'prj_large_', 'ep_large_');
  await addReceivers(1, 1, 'prj_small_', 'ep_small_');
  await store.pool.query('ANALYZE deliveries; ANALYZE receiver_gates');
  const { read, started } = startQueue();

  await read();

  expect(started.slice(0, 2).map(({ projectId }) => projectId)).toContain('prj_small_0000');
  const { projectId: _, receivers } = started.find(({ projectId }) => projectId === 'prj_small_0000')!;
  expect(receivers).toEqual(['ep_small_1']);
});

test('a page has as many receivers of one project as of another, reads only these, and what had no turn comes first', async () => {
  await addReceivers(2_000, 1, 'prj_large_', 'ep_large_');
  await addReceivers(40, 4, 'prj_small_', 'ep_small_');
  await store.pool.query('ANALYZE deliveries; ANALYZE receiver_gates');
  const rotation = createRestrictedRotation(store.pool, 100);

  const first = await rotation.next();
  const counts = Map.groupBy(first.receivers, ({ projectId }) => projectId);
  expect([...counts.values()].map((receivers) => receivers.length).sort((a, b) => a - b)).toEqual([
    10, 10, 10, 10, 20,
  ]);
  expect(first.isAll).toBe(false);

  const large = counts.get('prj_large_0000')!;
  rotation.returnTo(large.slice(5));
  const second = await rotation.next();
  const ofLarge = second.receivers.filter(({ projectId }) => projectId === 'prj_large_0000');
  expect(ofLarge[0]!.receiver).toBe(large[5]!.receiver);

  const { bufferPages, seqScannedTables } = await explainQueries(store.pool, (db) =>
    restrictedReceiversWaiting(db, [{ projectId: 'prj_large_0000', after: '' }], 100),
  );
  expect(seqScannedTables).not.toContain('deliveries');
  expect(seqScannedTables).not.toContain('receiver_gates');
  expect(bufferPages).toBeLessThan(2_000);
});

test('the gates of other projects are not locked while deliveries are assigned', async () => {
  await addReceivers(20, 2, 'prj_', 'ep_');
  const client = await store.pool.connect();
  const { started, read } = startQueue();
  try {
    await client.query(`BEGIN; SELECT FROM receiver_gates WHERE project_id = 'prj_0000' FOR UPDATE`);
    await read();
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
  expect(started.map(({ projectId }) => projectId)).toEqual(['prj_0001']);
});
