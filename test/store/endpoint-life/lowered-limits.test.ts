import { type SeededStore, seedStore } from '../seed.ts';
import { checked } from './commands.ts';
import { finish } from './finish.ts';
import { startWorld, type World } from './world.ts';

let store: SeededStore;

beforeAll(async () => {
  store = await seedStore();
});
afterAll(() => store.drop());

/* Each command is followed by the checks of the property, which reject a request beyond the limits. */
async function live(...commands: ((world: World) => Promise<unknown>)[]): Promise<World> {
  const world = await startWorld(store);
  for (const run of commands) await checked(world, run);
  return world;
}

const assignTwo: ((world: World) => Promise<unknown>)[] = [
  (world) => world.limit({ concurrency: 2 }, 'lives'),
  (world) => world.post(2, 'queue', null),
  (world) => world.assign('lives'),
];

test('a concurrency that is lowered holds for deliveries that have their permits already', async () => {
  const world = await live(
    ...assignTwo,
    (world) => world.limit({ concurrency: 1 }, 'lives'),
    (world) => world.claim(),
  );
  expect(world.underWay).toHaveLength(1);
  await finish(world);
});

test('a permit that ran out is renewed only within the concurrency', async () => {
  const world = await live(
    ...assignTwo,
    (world) => world.limit({ concurrency: 1 }, 'lives'),
    (world) => world.time.pass(2_500),
    (world) => world.claim(),
  );
  expect(world.underWay).toHaveLength(1);
  await finish(world);
});

test('retries that are still in their workflows when a concurrency is set stay within it', async () => {
  const world = await live(
    ...assignTwo,
    (world) => world.claim(),
    (world) => world.limit({ concurrency: null }, 'lives'),
    (world) => world.record(0, { status: 500 }),
    (world) => world.record(0, { status: 500 }),
    (world) => world.limit({ concurrency: 1 }, 'lives'),
    (world) => world.time.pass(2_100),
    (world) => world.claim(),
  );
  expect(world.underWay).toHaveLength(1);
  await finish(world);
});
