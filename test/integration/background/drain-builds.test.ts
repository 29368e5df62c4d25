import { createBuildDrain, type DrainControl } from '../../../src/background/reconciler/drain-builds.ts';
import { recordHeartbeat } from '../../../src/store/processes/processes.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, seedStore } from '../../store/seed.ts';
import { overdue, ownersOf } from './reconciler-set-up.ts';

let store: SeededStore;
let open: string[];
let calls: string[];
let drained: string[];

beforeEach(async () => {
  store = await seedStore();
  open = [];
  calls = [];
  drained = [];
});
afterEach(async () => {
  await store.drop();
});

const control: DrainControl = {
  workflowsOfDrainingBuilds: async () => open,
  release: async (id, kept) => void calls.push(`release ${id} ${kept.length}`),
  terminate: async (id) => void calls.push(`terminate ${id}`),
};

function createDrain(terminateAfterMs = 60_000): () => Promise<void> {
  const pass = createBuildDrain({
    pool: store.pool,
    temporal: () => control,
    mayDrain: () => true,
    onReleased: () => {},
    onDrained: (workflows, deliveries) => drained.push(`${workflows} ${deliveries}`),
    terminateAfterMs,
  });
  return () => pass(() => {});
}

/** Deliveries that wait for a retry. */
async function waiting(owner: string, count: number, dueInSeconds: number): Promise<string[]> {
  const ids = await overdue(store, owner, count, -dueInSeconds);
  await store.pool.query("UPDATE deliveries SET status = 'retrying' WHERE id = ANY ($1::text[])", [ids]);
  return ids;
}

/** Opens a claim of a process that is alive, or of one that is not. */
async function claim(id: string, processId: string): Promise<void> {
  await store.pool.query(
    'UPDATE deliveries SET claimed_at = now(), epoch = 1, process_id = $2 WHERE id = $1',
    [id, processId],
  );
}

test('what waits in a workflow of an earlier build waits in Postgres, and the workflow is told', async () => {
  const later = await waiting('old', 2, 3_600);
  const others = await waiting('new', 1, 3_600);
  open = ['old'];

  await createDrain()();

  expect(await ownersOf(store, later)).toEqual(['schedule', 'schedule']);
  expect(await ownersOf(store, others)).toEqual(['new']);
  expect(calls).toEqual(['release old 0']);
  expect(drained).toEqual(['1 2']);
});

test('what has been due for a while waits for another workflow, also before its first attempt', async () => {
  const retry = await waiting('old', 1, -30);
  const first = await overdue(store, 'old', 1, 30);
  open = ['old'];

  await createDrain()();

  expect(await ownersOf(store, [...retry, ...first])).toEqual([null, null]);
});

test('an attempt of a living process stays with its workflow, which is not terminated; that of a lost one does not', async () => {
  const alive = await waiting('alive', 1, -30);
  const lost = await waiting('lost', 1, -30);
  await recordHeartbeat(store.pool, { id: 'prc_alive', role: 'worker', host: 'h', pid: 1 });
  await claim(alive[0]!, 'prc_alive');
  await claim(lost[0]!, 'prc_lost');
  open = ['alive', 'lost'];
  const drain = createDrain(0);

  await drain();
  await eventually(async () => {
    await drain();
    return calls.includes('terminate lost');
  });

  expect(await ownersOf(store, alive)).toEqual(['alive']);
  expect(await ownersOf(store, lost)).toEqual([null]);
  expect(await store.deliveryOf(lost[0]!)).toMatchObject({ claimed_at: expect.any(Date) });
  expect(calls.filter((call) => call.endsWith('alive'))).toEqual([]);
});

test('a workflow that does not end is told once, and then terminated', async () => {
  await waiting('old', 1, 3_600);
  open = ['old'];
  const drain = createDrain(0);

  await drain();
  await eventually(async () => {
    await drain();
    return calls.length > 1;
  });

  expect(calls.slice(0, 2)).toEqual(['release old 0', 'terminate old']);
});
