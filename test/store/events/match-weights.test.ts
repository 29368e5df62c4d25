import { matchWeights } from '../../../src/store/events/accept/match-weights.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

test('a scope weighs as much as its endpoints and their patterns, those of other scopes and deleted ones excepted', async () => {
  const projectId = store.project;
  const other = await store.newProject();
  await store.newEndpoint({ events: ['a.b', 'c.d'] });
  await store.newEndpoint({ events: ['a.b'] });
  const deleted = await store.newEndpoint();
  await store.pool.query(`UPDATE endpoints SET status = 'deleted' WHERE id = $1`, [deleted]);
  await store.newEndpoint({ consumer: 'alice' });
  await store.newEndpoint({ project: other, events: ['a.*', 'b.*', 'c.*'] });

  const weights = await matchWeights(store.pool, [
    { projectId, consumer: 'bob' },
    { projectId, consumer: null },
    { projectId, consumer: 'alice' },
    { projectId: other, consumer: null },
  ]);

  expect(weights).toEqual([0, 19, 9, 11]);
});
