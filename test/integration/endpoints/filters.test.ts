import { DEFAULT_QUOTAS } from '../../../src/policy/quotas.ts';
import type { Receiver } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

type Json = Record<string, unknown>;
type Answer = { status: number; body: Json & { id: string; items: Json[]; errors: { pointer: string }[] } };

let posthorn: TestPosthorn;
let key: string;
const receiverThat = receiversPerTest();
beforeAll(async () => {
  posthorn = await startTestPosthorn({
    settings: { quotas: { ...DEFAULT_QUOTAS, filtersOfProject: 4, filtersOfConsumer: 2 } },
  });
});
beforeEach(async () => {
  ({ key } = await posthorn.newProject());
});
afterAll(() => posthorn.close());

const call = async (method: string, path: string, body?: unknown): Promise<Answer> =>
  (await posthorn.client.call(method, path, { key, body })) as unknown as Answer;
const register = ({ url }: { url: string }, filter?: Json | null, more: Json = {}): Promise<Answer> =>
  call('POST', '/v1/endpoints', { url, ...(filter && { filter }), ...more });
const post = async (data: unknown, more: Json = {}): Promise<Event> =>
  (await call('POST', '/v1/events?wait=30s', { type: 'order.paid', data, ...more })).body as unknown as Event;

const amountFrom = (minimum: number): Json => ({
  properties: { data: { properties: { amount: { type: 'number', minimum } }, required: ['amount'] } },
});
const dataOf = ({ requests }: Receiver): unknown[] =>
  requests.map(({ body }) => JSON.parse(body.toString()).data);

test('an event goes only to the endpoints whose filters it matches, and to those without one', async () => {
  const [small, large, all] = [await receiverThat(200), await receiverThat(200), await receiverThat(200)];
  await register(small, amountFrom(1));
  await register(large, amountFrom(100));
  await register(all);

  expect((await post({ amount: 500 })).deliveryCount).toBe(3);
  expect((await post({ amount: 50 })).deliveryCount).toBe(2);
  expect((await post({ amount: '500' })).deliveryCount).toBe(1);
  expect(dataOf(large)).toEqual([{ amount: 500 }]);
  expect(dataOf(small)).toEqual([{ amount: 500 }, { amount: 50 }]);
  expect(all.requests).toHaveLength(3);
});

test('an event that no filter lets through is unrouted', async () => {
  await register(await receiverThat(200), amountFrom(100));
  expect(await post({ amount: 1 })).toMatchObject({ status: 'unrouted', deliveryCount: 0, deliveries: [] });
});

test('a filter sees the type, the attributes and the data', async () => {
  await register(await receiverThat(200), {
    properties: {
      type: { pattern: '^order\\.' },
      attributes: { properties: { region: { enum: ['eu', 'uk'] } }, required: ['region'] },
      data: { type: 'array', contains: { const: 3 } },
    },
  });
  const counts = [
    await post([1, 2, 3], { attributes: { region: 'eu' } }),
    await post([1, 2, 3], { attributes: { region: 'us' } }),
    await post([1, 2], { attributes: { region: 'eu' } }),
    await post([3], { attributes: { region: 'uk' }, type: 'invoice.paid' }),
  ].map(({ deliveryCount }) => deliveryCount);
  expect(counts).toEqual([1, 0, 0, 0]);
});

test('a change of the filter applies to the next event', async () => {
  const receiver = await receiverThat(200);
  const { id } = (await register(receiver)).body;
  const change = async (filter: Json | null) => {
    expect((await call('PATCH', `/v1/endpoints/${id}`, { filter })).body.filter).toEqual(filter);
  };
  const count = async () => (await post({ amount: 5 })).deliveryCount;
  expect(await count()).toBe(1);
  for (let round = 0; round < 3; round++) {
    await change(amountFrom(10));
    expect(await count()).toBe(0);
    await change(amountFrom(1));
    expect(await count()).toBe(1);
  }
  await change(amountFrom(10));
  await call('PATCH', `/v1/endpoints/${id}`, { description: 'kept' });
  expect(await count()).toBe(0);
  await change(null);
  expect(await count()).toBe(1);
});

test('the events of a batch, and many posts at once, are filtered one by one', async () => {
  const receiver = await receiverThat(200);
  await register(receiver, amountFrom(10));
  const events = Array.from({ length: 20 }, (_, amount) => ({ type: 'a.b', data: { amount } }));
  const batch = await call('POST', '/v1/events/batch', { events });
  expect(batch.body.items.map(({ deliveryCount }) => deliveryCount)).toEqual(
    events.map(({ data }) => (data.amount >= 10 ? 1 : 0)),
  );
  const posted = await Promise.all(events.map(({ data }) => post(data)));
  expect(posted.map(({ deliveryCount }) => deliveryCount)).toEqual(
    events.map(({ data }) => (data.amount >= 10 ? 1 : 0)),
  );
});

test('a test event and an event sent to one more endpoint pass the filter', async () => {
  const { id } = (await register(await receiverThat(200), amountFrom(10))).body;
  expect((await call('POST', `/v1/endpoints/${id}/test?wait=30s`)).body).toMatchObject({
    status: 'delivered',
  });
  const event = await post({ amount: 1 });
  expect((await call('POST', `/v1/events/${event.id}/deliveries`, { endpoint: id })).status).toBe(201);
});

test('an event that takes too long to compare with a filter is sent', async () => {
  const nested = { items: { anyOf: Array.from({ length: 50 }, (_, n) => ({ const: `x${n}` })) } };
  await register(await receiverThat(200), { properties: { data: { properties: { list: nested } } } });
  const list = (length: number) => ({ list: Array.from({ length }, () => 0) });
  expect((await post(list(100))).deliveryCount).toBe(0);
  expect((await post(list(100_000))).deliveryCount).toBe(1);
});

test.each([
  [{ properties: { data: { $ref: '#' } } }, '/filter'],
  [{ type: 'objekt' }, '/filter/type'],
  [{ properties: { type: { pattern: '(' } } }, '/filter/properties/type/pattern'],
  [{ description: 'x'.repeat(8_200) }, '/filter'],
  [{ enum: Array.from({ length: 600 }, (_, n) => n) }, '/filter'],
  ['{}', '/filter'],
])('the filter %j is refused', async (filter, pointer) => {
  const refused = await call('POST', '/v1/endpoints', { url: 'https://example.com/', filter });
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
});

test('a project and a consumer may have so many different filters', async () => {
  const url = 'https://example.com/';
  const ofC1 = (minimum: number) => register({ url }, amountFrom(minimum), { consumer: 'c1' });
  expect((await ofC1(1)).status).toBe(201);
  const second = await ofC1(2);
  expect((await ofC1(2)).status).toBe(201);
  const refused = { status: 409, body: { code: 'quota_exceeded' } };
  expect(await ofC1(3)).toMatchObject(refused);
  const change = (filter: Json) => call('PATCH', `/v1/endpoints/${second.body.id}`, { filter });
  expect(await change(amountFrom(3))).toMatchObject(refused);
  expect((await change(amountFrom(1))).status).toBe(200);
  for (const minimum of [3, 4]) expect((await register({ url }, amountFrom(minimum))).status).toBe(201);
  expect(await register({ url }, amountFrom(5))).toMatchObject(refused);
});

test('the filter is part of what a uid names, whatever the order of its members', async () => {
  const url = 'https://example.com/';
  const first = await register({ url }, { type: 'object', minProperties: 1 }, { uid: 'crm' });
  const again = await register({ url }, { minProperties: 1, type: 'object' }, { uid: 'crm' });
  expect(again).toMatchObject({ status: 200, body: { id: first.body.id } });
  expect(await register({ url }, null, { uid: 'crm' })).toMatchObject({
    status: 409,
    body: { errors: [{ pointer: '/filter' }] },
  });
});

test('a preview compares recent events that the endpoint subscribes to, and sends nothing', async () => {
  const receiver = await receiverThat(200);
  const { id } = (await register(receiver, amountFrom(10), { events: ['order.*'] })).body;
  for (const amount of [1, 20, 30]) await post({ amount });
  await post({ amount: 40 }, { type: 'invoice.paid' });
  await post({ amount: 50 }, { consumer: 'c1' });
  const sent = receiver.requests.length;

  const preview = (body?: Json) => call('POST', `/v1/endpoints/${id}/filter-preview`, body);
  const results = ({ body }: Answer) => body.items.map(({ result }) => result);
  expect(await preview()).toMatchObject({ status: 200, body: { matches: 2 } });
  expect(results(await preview())).toEqual(['match', 'match', 'mismatch']);
  expect(results(await preview({ filter: amountFrom(25), limit: 2 }))).toEqual(['match', 'mismatch']);
  expect(results(await preview({ filter: {} }))).toEqual(['match', 'match', 'match']);
  expect(await preview({ filter: { type: 5 } })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/filter/type' }] },
  });
  expect(receiver.requests).toHaveLength(sent);
  expect((await call('POST', '/v1/endpoints/ep_0000/filter-preview')).status).toBe(404);
});
