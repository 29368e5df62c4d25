import fc from 'fast-check';
import { type SeededStore, seedStore } from '../seed.ts';
import { DELIVERED, type OrderedWorld, startOrderedWorld } from './ordered-world.ts';

let store: SeededStore;

beforeAll(async () => {
  store = await seedStore();
});
afterAll(() => store.drop());

const failed = { outcome: 'rejected', statusCode: 500 } as const;

type Step = (world: OrderedWorld) => Promise<unknown>;

const steps: Record<string, (n: number) => Step> = {
  begin: () => (world) => world.begin(),
  commit: (n) => (world) => world.end(n, 'commit'),
  'roll back': (n) => (world) => world.end(n, 'roll back'),
  send: (n) => (world) => world.send(n),
  'send by two': (n) => (world) => Promise.all([world.send(n), world.send(n + 1)]),
  follow: (n) => (world) => world.follow(n),
  'follow and send': (n) => (world) => Promise.all([world.follow(n), world.send(n)]),
  'end a line': (n) => (world) => world.endLine(n),
  'fail to start': (n) => (world) => world.failStart(n),
  deliver: (n) => (world) => world.record(n, DELIVERED),
  'fail and retry': (n) => (world) => world.record(n, { ...failed, retryInMs: 0 }),
  'fail for good': (n) => (world) => world.record(n, { ...failed, retryInMs: null }),
  cancel: (n) => (world) => world.cancel(n),
  pause: () => (world) => world.pause(),
  resume: () => (world) => world.resume(),
};
const common = ['begin', 'commit', 'send', 'deliver', 'follow'];

const action = fc.tuple(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...common) },
    { weight: 2, arbitrary: fc.constantFrom(...Object.keys(steps)) },
  ),
  fc.nat(20),
);

test('in whatever order events commit, fail and are cancelled, each is sent once it is its turn, and one at a time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 40, size: 'max' }), async (actions) => {
      const world = await startOrderedWorld(store, 3);
      for (const [name, n] of actions) {
        await steps[name]!(n)(world);
        expect(world.underWay.length).toBeLessThanOrEqual(1);
      }
      await world.drain();

      const { sent } = world;
      expect(sent).toEqual([...sent].sort((a, b) => a - b));
    }),
    { numRuns: 40, endOnFailure: true },
  );
});
