import { updateEndpoint } from '../../../src/store/endpoints/update-endpoint.ts';
import { QuotaReached } from '../../../src/store/projects/enforce-quota.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

const QUOTAS = { filtersOfProject: 2, filtersOfConsumer: 2 };
const filterOf = (n: number): string => `{"minProperties":${n}}`;
const setFilter = (id: string, filter: string) =>
  updateEndpoint(store.pool, { projectId: store.project, consumer: null }, id, { filter }, QUOTAS);

test('concurrent changes give the endpoints of a project no more different filters than its quota', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 8; n++) ids.push(await store.newEndpoint());
  const results = await Promise.allSettled(ids.map((id, n) => setFilter(id, filterOf(n))));
  const refused = results.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(6);
  for (const result of refused) expect(result).toMatchObject({ reason: expect.any(QuotaReached) });
  const { rows } = await store.pool.query('SELECT DISTINCT filter FROM endpoints WHERE filter IS NOT NULL');
  expect(rows).toHaveLength(2);
});

test('at the quota an endpoint may change its own filter, and take one that another has', async () => {
  const [first, second, third] = [
    await store.newEndpoint(),
    await store.newEndpoint(),
    await store.newEndpoint(),
  ];
  await setFilter(first, filterOf(1));
  await setFilter(second, filterOf(2));
  expect(await setFilter(second, filterOf(3))).toMatchObject({ filter: { minProperties: 3 } });
  expect(await setFilter(third, filterOf(1))).toMatchObject({ filter: { minProperties: 1 } });
  await expect(setFilter(third, filterOf(4))).rejects.toBeInstanceOf(QuotaReached);
});
