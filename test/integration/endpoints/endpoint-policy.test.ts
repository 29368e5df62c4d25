import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

type Json = Record<string, unknown>;
type Answer = {
  status: number;
  body: Json & { id: string; key: string; deliveries: { id: string }[]; errors: { pointer: string }[] };
};

let api: TestApi;
let project: { id: string; key: string };
beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(async () => {
  project = await api.newProject();
});
afterAll(() => api.close());

const call = async (method: string, path: string, body?: unknown, key = project.key): Promise<Answer> =>
  (await api.call(method, path, { key, body })) as unknown as Answer;
const register = (policy: unknown, more: Json = {}): Promise<Answer> =>
  call('POST', '/v1/endpoints', { url: 'https://example.com/a', ...(policy ? { policy } : {}), ...more });

/** The deliveries of a new event, by endpoint. */
async function deliver(consumer?: string): Promise<Map<string, Json>> {
  const event = await call('POST', '/v1/events', { type: 'a.b', data: 1, ...(consumer && { consumer }) });
  const found = await Promise.all(
    event.body.deliveries.map(async ({ id }) => (await call('GET', `/v1/deliveries/${id}`)).body),
  );
  return new Map(found.map((delivery) => [delivery.endpoint as string, delivery]));
}

test('each endpoint of an event has its own policy, and the others that of the project', async () => {
  await call('PATCH', '/v1/project', { policy: { delays: ['7s'], timeout: '9s' } });
  const plain = (await register(null)).body;
  const own = (await register({ schedule: 'three-days', jitter: 0.5 })).body;
  expect(plain).toMatchObject({
    policy: null,
    policyInForce: { delays: [7], timeout: 9, jitter: 0, sources: { delays: 'project', jitter: 'profile' } },
  });
  expect(own).toMatchObject({
    policy: { schedule: 'three-days', jitter: 0.5 },
    policyInForce: { timeout: 9, jitter: 0.5, sources: { delays: 'endpoint', timeout: 'project' } },
  });

  const deliveries = await deliver();
  expect(deliveries.get(plain.id as string)).toMatchObject({ policy: { delays: [7], timeout: 9 } });
  const delivery = deliveries.get(own.id as string)!;
  const { delays } = own.policyInForce as { delays: number[] };
  expect(delivery.policy).toEqual({ delays, timeout: 9, jitter: 0.5, finalStatuses: [] });
  const planned = delivery.plannedAttempts as { step: number; at: string }[];
  expect(planned.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(planned[0]!.at).toBe(delivery.nextAttemptAt);
  const seconds = planned
    .slice(1)
    .map(({ at }, index) => (Date.parse(at) - Date.parse(planned[index]!.at)) / 1000);
  expect(seconds).toEqual(delays);
});

test('a change of the policy applies to new deliveries, and null returns to the policy of the project', async () => {
  const { id } = (await register({ delays: ['1s'] })).body;
  const delaysOf = (delivery: Json): unknown => (delivery.policy as Json).delays;
  const before = (await deliver()).get(id)!;
  await call('PATCH', `/v1/endpoints/${id}`, { description: 'x' });
  expect(delaysOf((await deliver()).get(id)!)).toEqual([1]);
  await call('PATCH', `/v1/endpoints/${id}`, { policy: { delays: ['2s', '3s'] } });
  expect(delaysOf((await deliver()).get(id)!)).toEqual([2, 3]);
  const cleared = await call('PATCH', `/v1/endpoints/${id}`, { policy: null });
  expect(cleared.body).toMatchObject({ policy: null, policyInForce: { sources: { delays: 'profile' } } });
  expect(delaysOf((await deliver()).get(id)!)).toEqual([60, 300, 1800, 7200]);
  expect(delaysOf((await call('GET', `/v1/deliveries/${before.id}`)).body)).toEqual([1]);
});

test('a replay keeps the policy of the delivery that it repeats', async () => {
  const { id } = (await register({ delays: ['1s'] })).body;
  const first = (await deliver()).get(id)!;
  await call('POST', `/v1/deliveries/${first.id}/cancel`);
  const replayed = await call('POST', `/v1/deliveries/${first.id}/retry`);
  expect(replayed).toMatchObject({ status: 201, body: { policy: { delays: [1] } } });
});

test('no attempt is planned for a delivery that is held or final', async () => {
  const { id } = (await register(null)).body;
  const cancelled = (await deliver()).get(id)!;
  const { body } = await call('POST', `/v1/deliveries/${cancelled.id}/cancel`);
  expect(body).toMatchObject({ status: 'cancelled', plannedAttempts: [] });
  await call('POST', `/v1/endpoints/${id}/pause`);
  expect((await deliver()).get(id)).toMatchObject({ status: 'held', plannedAttempts: [] });
});

test('the policy is part of what a uid names', async () => {
  await register({ delays: ['1m'], finalStatuses: ['4xx', '300'] }, { uid: 'crm' });
  expect((await register({ finalStatuses: ['300', '4xx'], delays: ['1m'] }, { uid: 'crm' })).status).toBe(
    200,
  );
  const refused = await register(null, { uid: 'crm' });
  expect(refused).toMatchObject({ status: 409, body: { errors: [{ pointer: '/policy' }] } });
});

test.each([
  [{ schedule: 'four-days' }, '/policy/schedule'],
  [{ schedule: 'default', delays: ['1s'] }, '/policy/delays'],
  [{ delays: Array(21).fill('1s') }, '/policy/delays'],
  [{ delays: ['31d'] }, '/policy/delays/0'],
  [{ timeout: '61s' }, '/policy/timeout'],
])('the policy %j is refused', async (policy, pointer) => {
  expect(await register(policy)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
});

test('a consumer sees the policy of its endpoint, and cannot set it', async () => {
  const { key } = (await call('POST', '/v1/keys', { consumer: 'c1' })).body;
  const policy = { schedule: 'default' };
  const { id } = (await register(policy, { consumer: 'c1', uid: 'crm' })).body;
  const forbidden = { status: 403, body: { code: 'forbidden' } };
  const url = 'https://example.com/a';
  expect(await call('PATCH', `/v1/endpoints/${id}`, { policy }, key)).toMatchObject(forbidden);
  expect(await call('POST', '/v1/endpoints', { url, policy }, key)).toMatchObject(forbidden);
  expect((await call('GET', `/v1/endpoints/${id}`, undefined, key)).body).toMatchObject({ policy });
  expect(await call('POST', '/v1/endpoints', { url, uid: 'crm' }, key)).toMatchObject({
    status: 200,
    body: { id },
  });
});

test('a project may name its schedule', async () => {
  const changed = await call('PATCH', '/v1/project', { policy: { schedule: 'three-days' } });
  expect(changed.body.policy).toEqual({ schedule: 'three-days' });
  const { id } = (await register(null)).body;
  expect(((await deliver()).get(id)!.plannedAttempts as unknown[]).length).toBe(10);
});
