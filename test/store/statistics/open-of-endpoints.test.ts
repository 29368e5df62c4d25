import { parseEndpointSelection } from '../../../src/policy/endpoint-selection.ts';
import { deletedEndpoints, openOfEndpoints } from '../../../src/store/statistics/open-of-endpoints.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;
beforeAll(async () => {
  store = await seedStore();
});
afterAll(() => store.drop());

const backlogOf = (project: string, scope: string, endpoints: { endpoint: string; held: number }[]) =>
  store.pool.query(
    `INSERT INTO backlog (project_id, scope, pending, retrying, held, oldest_open_at, due, endpoints)
     VALUES ($1, $2, 0, 0, 0, now(), '{}', $3)`,
    [project, scope, JSON.stringify(endpoints.map((one) => ({ pending: 1, retrying: 2, ...one })))],
  );

test('open deliveries are those of the selected projects and endpoints, the most first, each once', async () => {
  const [first, second] = [store.project, await store.newProject()];
  const [busy, quiet, other] = [
    await store.newEndpoint(),
    await store.newEndpoint(),
    await store.newEndpoint({ project: second }),
  ];
  await backlogOf(first, '', [
    { endpoint: quiet, held: 0 },
    { endpoint: busy, held: 7 },
  ]);
  await backlogOf(first, 'c/acme', [{ endpoint: busy, held: 7 }]);
  await backlogOf(second, '', [{ endpoint: other, held: 3 }]);
  const open = async (selection: string) =>
    (await openOfEndpoints(store.pool, parseEndpointSelection(selection)!)).map(
      ({ projectId, endpointId, open: count }) => [projectId, endpointId, count],
    );

  expect(await open('all')).toEqual([
    [first, busy, 10],
    [second, other, 6],
    [first, quiet, 3],
  ]);
  expect(await open(first)).toEqual([
    [first, busy, 10],
    [first, quiet, 3],
  ]);
  expect(await open(`${second},${quiet}`)).toEqual([
    [second, other, 6],
    [first, quiet, 3],
  ]);
});

test('an endpoint is deleted once its deletion has begun, or when it is not stored', async () => {
  const [kept, deleted] = [await store.newEndpoint(), await store.newEndpoint()];
  await store.pool.query(`UPDATE endpoints SET status = 'deleted' WHERE id = $1`, [deleted]);

  expect(await deletedEndpoints(store.pool, [kept, deleted, 'ep_unknown'])).toEqual([deleted, 'ep_unknown']);
  expect(await deletedEndpoints(store.pool, [])).toEqual([]);
});
