import fc from 'fast-check';
import { expectConsistency } from '../interleavings/invariants.ts';
import { installTriggers } from '../interleavings/triggers.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import { commands } from './commands.ts';
import { abandon, finish } from './finish.ts';
import { startWorld } from './world.ts';

let store: SeededStore;

beforeAll(async () => {
  store = await seedStore();
  await installTriggers(store.pool);
});
afterAll(() => store.drop());

/** A number of lives that is asked for is lived, however long it takes. */
const LIVES = process.env.ENDPOINT_LIVES;
const TIME_LIMIT_MS = LIVES ? 1_800_000 : 20_000;

/** A failure prints its seed, its path and its commands; `seed` and `path` here repeat it. */
const OPTIONS = {
  numRuns: Number(LIVES ?? 60),
  interruptAfterTimeLimit: TIME_LIMIT_MS,
  markInterruptAsFailure: false,
};

test(
  'whatever happens to an endpoint, it is sent what it may be sent, everything ends, and waitingFor is true',
  async () => {
    let lives = 0;
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 40, size: 'max' }), async (steps) => {
        const world = await startWorld(store);
        lives += 1;
        try {
          await fc.asyncModelRun(() => ({ model: world.model, real: world }), steps);
          await finish(world);
          await expectConsistency(store, world.project);
        } finally {
          await abandon(world);
        }
      }),
      OPTIONS,
    );
    expect(lives).toBeGreaterThan(1);
  },
  TIME_LIMIT_MS + 220_000,
);
