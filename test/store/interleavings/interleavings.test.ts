import fc from 'fast-check';
import { recordHeartbeat } from '../../../src/store/processes/processes.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import { expectConsistency, readStream } from './invariants.ts';
import { ALIVE, installTriggers } from './triggers.ts';
import { newWorld } from './world.ts';

const LANES = 8;
/** More rounds follow until each of the rare paths has been taken, which depends on chance. */
const MAX_ROUNDS = 5;

let store: SeededStore;
let releases = 0;

beforeAll(async () => {
  store = await seedStore();
  await recordHeartbeat(store.pool, { id: ALIVE, role: 'worker', host: 'here', pid: 1 });
  await installTriggers(store.pool);
});
afterAll(() => store.drop());

const action = fc.constantFrom(
  'accept',
  'accept and assign',
  'accept express',
  'accept express',
  'accept express and lose the process',
  'accept uncertainly',
  'release lost express',
  'release silent express',
  'assign',
  'assign',
  'claim',
  'claim',
  'claim',
  'claim without acknowledgement',
  'record',
  'record',
  'record',
  'record twice at once',
  'record again much later',
  'release claims',
  'fail start',
  'lose workflow',
  'cancel',
  'retry',
  'delete endpoint',
  'pause',
  'resume',
  'resume',
  'disable',
  'enable',
  'resume and crash',
  'lower the plan',
  'raise the plan',
  'raise the plan and crash',
);
const lanes = fc.array(fc.array(fc.tuple(action, fc.nat(1_000_000)), { minLength: 15, maxLength: 25 }), {
  minLength: LANES,
  maxLength: LANES,
});

test('under any interleaving no delivery has two owners, is stuck or counted twice, and no outcome is lost', async () => {
  let rarePaths = 0;
  for (let round = 0; round < MAX_ROUNDS && rarePaths === 0; round++) {
    await runInterleavings();
    rarePaths = await countRarestPath();
  }
  expect(rarePaths).toBeGreaterThan(0);
  // Deadlocks would be retried and not be noticed. The order of locks excludes them.
  const { deadlocks } = await store.queryOne<{ deadlocks: string }>(
    'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
  );
  expect(Number(deadlocks)).toBe(0);
});

async function runInterleavings(): Promise<void> {
  await fc.assert(
    fc.asyncProperty(lanes, async (actionsOfLanes) => {
      const world = await newWorld(store, () => releases++);
      const readers = [readStream(store, world), readStream(store, world)];
      try {
        await Promise.all(
          actionsOfLanes.map(async (actions) => {
            for (const [name, dice] of actions) await world.act(name, dice);
          }),
        );
        await world.finish();
      } finally {
        world.hasEnded = true;
      }
      const [one, other] = await Promise.all(readers);

      const recorded = await store.pool.query<{ seq: string }>(
        'SELECT seq::text FROM outcomes WHERE project_id = $1 ORDER BY outcomes.xid, outcomes.seq',
        [world.project],
      );
      const sequence = recorded.rows.map(({ seq }) => seq);
      expect(one).toEqual(sequence);
      expect(other).toEqual(sequence);
      await expectConsistency(store, world.project);
    }),
    // No shrinking: a failure depends on timing, so a smaller case would be a different one.
    { numRuns: Number(process.env.INTERLEAVINGS ?? 8), endOnFailure: true },
  );
}

/** Returns how often the least frequent of the paths was taken that only some interleavings take. */
async function countRarestPath(): Promise<number> {
  const { unknown, interrupted, direct, passedOn, replayed, isolated, cancelled } = await store.queryOne(`
    SELECT (SELECT count(*)::int FROM attempts WHERE outcome = 'unknown') AS unknown,
           (SELECT count(*)::int FROM attempts WHERE outcome = 'unknown' AND epoch = 1) AS interrupted,
           count(*) FILTER (WHERE status = 'delivered' AND workflow_id IS NULL)::int AS direct,
           count(*) FILTER (WHERE starts_with(workflow_id, 'retry '))::int AS "passedOn",
           count(*) FILTER (WHERE replay_of IS NOT NULL)::int AS replayed,
           count(*) FILTER (WHERE lane = 'isolated')::int AS isolated,
           count(*) FILTER (WHERE status = 'cancelled')::int AS cancelled
    FROM deliveries`);
  return Math.min(unknown, interrupted, direct, passedOn, replayed, isolated, cancelled, releases);
}
