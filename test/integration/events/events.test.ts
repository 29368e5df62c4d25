import { type ApiCalls, createApiCalls } from '../../set-up/api-calls.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
let call: ApiCalls['call'];
let allPages: ApiCalls['allPages'];
beforeAll(async () => {
  api = await startTestApi();
  ({ call, allPages } = createApiCalls(api));
});
afterAll(() => api.close());

type Json = Record<string, unknown>;
const url = 'http://127.0.0.1:9/hook';

test('data is returned byte for byte', async () => {
  const { key } = await api.newProject();
  const data = '{ "n":12345678901234567890,"f":1.0, "b":1,"a":2,"a":3,"e":"\\u0041\\u0000" }';
  const posted = await api.call('POST', '/v1/events', { key, body: `{"type":"a","data": ${data} }` });
  expect(posted.status).toBe(202);
  const { text } = await api.call('GET', `/v1/events/${(posted.body as Json).id}`, { key });
  expect(text).toContain(`"data":${data},`);
  expect(posted.text).toContain(`"data":${data},`);
});

test('an event without an endpoint is stored as unrouted', async () => {
  const { key } = await api.newProject();
  const { body } = await call('POST', '/v1/events', key, { type: 'a', data: null });
  expect(body).toMatchObject({ status: 'unrouted', deliveryCount: 0, data: null });
  expect((await call('GET', `/v1/events/${body.id}`, key)).body).toMatchObject({
    status: 'unrouted',
    deliveries: [],
  });
  expect((await call('POST', '/v1/events?wait=5s', key, { type: 'a', data: null })).status).toBe(200);
});

test('an event goes to the endpoints of its consumer; without a consumer, to endpoints without one', async () => {
  const { key } = await api.newProject();
  const plain = (await call('POST', '/v1/endpoints', key, { url, events: ['a.*'] })).body.id;
  const acme = (await call('POST', '/v1/endpoints', key, { url, consumer: 'acme' })).body.id;
  await call('POST', '/v1/endpoints', key, { url, events: ['b'] });
  const endpointsOf = async (event: Json) => {
    const { id } = (await call('POST', '/v1/events', key, event)).body;
    const { deliveries } = (await call('GET', `/v1/events/${id}`, key)).body;
    return (deliveries as Json[]).map(({ endpoint }) => endpoint);
  };
  expect(await endpointsOf({ type: 'a.b', data: 1 })).toEqual([plain]);
  expect(await endpointsOf({ type: 'a.b', data: 1, consumer: 'acme' })).toEqual([acme]);
});

test('posting an id again with the same content returns the event; other content is a conflict', async () => {
  const { key } = await api.newProject();
  const event = { type: 'a', data: { x: 1 }, id: 'order-1', attributes: { b: '1', a: '2' } };
  const first = await call('POST', '/v1/events', key, event);
  const again = await call('POST', '/v1/events', key, { ...event, attributes: { a: '2', b: '1' } });
  expect(again).toMatchObject({ status: 202, body: { id: 'order-1', createdAt: first.body.createdAt } });
  for (const other of [{ type: 'b' }, { data: { x: 2 } }, { consumer: 'acme' }, { attributes: {} }]) {
    expect(await call('POST', '/v1/events', key, { ...event, ...other })).toMatchObject({
      status: 409,
      body: { code: 'id_conflict', errors: [{ pointer: '/id' }] },
    });
  }
  const spaced = await api.call('POST', '/v1/events', {
    key,
    body: '{"type":"a","data":{ "x":1},"id":"order-1","attributes":{"a":"2","b":"1"}}',
  });
  expect(spaced.status).toBe(409);
});

test('an event with a target goes only to it; a target without a valid secret is rejected', async () => {
  const { key } = await api.newProject();
  await call('POST', '/v1/endpoints', key, { url });
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const { body } = await call('POST', '/v1/events', key, { type: 'a', data: 1, target: { url, secret } });
  expect((await call('GET', `/v1/events/${body.id}`, key)).body.deliveries).toMatchObject([
    { endpoint: null },
  ]);
  const bad = async (target: unknown) =>
    (await call('POST', '/v1/events', key, { type: 'a', data: 1, target })).body.errors;
  expect(await bad({ url, secret: 'x' })).toMatchObject([{ pointer: '/target/secret' }]);
  expect(await bad({ url: 'http://10.1.1.1', secret })).toMatchObject([{ pointer: '/target/url' }]);
  expect(await bad({ url })).toMatchObject([{ pointer: '/target/secret' }]);
});

test('a batch is stored in order, with the data of each event unchanged', async () => {
  const { key } = await api.newProject();
  const body = '{"events":[{"type":"a","data":1.0,"id":"one"}, {"data" : [ 2 ],"type":"b"}]}';
  const { status, body: response } = await api.call('POST', '/v1/events/batch', { key, body });
  const { items } = response as { items: Json[] };
  expect({ status, types: items.map(({ type }) => type) }).toEqual({ status: 202, types: ['a', 'b'] });
  expect((await api.call('GET', '/v1/events/one', { key })).text).toContain('"data":1.0,');
  expect((await api.call('GET', `/v1/events/${items[1]!.id}`, { key })).text).toContain('"data":[ 2 ],');
});

test('a batch with one invalid event is not stored at all', async () => {
  const { key } = await api.newProject();
  const good = { type: 'a', data: 1 };
  await call('POST', '/v1/events', key, { ...good, id: 'taken' });
  const batch = async (events: unknown[]) => {
    const { status, body } = await call('POST', '/v1/events/batch', key, { events });
    return [status, (body.errors as Json[])[0]!.pointer];
  };
  expect(await batch([good, { type: 'a' }])).toEqual([422, '/events/1/data']);
  expect(await batch([good, { ...good, id: 'x' }, { ...good, id: 'x' }])).toEqual([422, '/events/2/id']);
  expect(await batch([good, { type: 'b', data: 1, id: 'taken' }])).toEqual([409, '/events/1/id']);
  expect(await batch([good, { ...good, data: 'x'.repeat(70_000) }])).toEqual([413, '/events/1']);
  expect(await batch([])).toEqual([422, '/events']);
  expect(await batch(Array(1001).fill(good))).toEqual([422, '/events']);
  expect((await call('GET', '/v1/events', key)).body.items).toHaveLength(1);
});

test('events can be filtered by type, status, consumer, endpoint and time, without gaps between pages', async () => {
  const { key } = await api.newProject();
  const endpoint = (await call('POST', '/v1/endpoints', key, { url, events: ['a'] })).body.id;
  for (let i = 0; i < 5; i++) await call('POST', '/v1/events', key, { type: 'a', data: i, id: `a${i}` });
  await call('POST', '/v1/events', key, { type: 'b', data: 1, id: 'b0', consumer: 'acme' });
  const ids = async (query: string) =>
    (await call('GET', `/v1/events?${query}`, key)).body.items.map(({ id }) => id);

  expect(await ids('type=b')).toEqual(['b0']);
  expect(await ids('status=unrouted')).toEqual(['b0']);
  expect(await ids('consumer=acme')).toEqual(['b0']);
  expect(await ids(`endpoint=${endpoint}`)).toHaveLength(5);
  expect(await ids('since=2999-01-01T00:00:00Z')).toEqual([]);
  expect(await ids('until=2999-01-01T00:00:00%2B02:00')).toHaveLength(6);
  expect(await allPages('/v1/events', key, 2)).toEqual(['b0', 'a4', 'a3', 'a2', 'a1', 'a0']);
});

test('a page of large events ends early, and the next page continues after it', async () => {
  const { id: project_id, key } = await api.newProject();
  // Larger than the API accepts, so that few of them fill a page.
  await api.database.pool.query(
    `INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version,
                         status, delivery_count, open_count, created_at)
     SELECT $1, 'e' || i, 'a', '{}', '1', convert_to(repeat('x', 3000000), 'UTF8'), '', 'standard-webhooks', 1,
            'unrouted', 0, 0, now() - i * interval '1 s'
     FROM generate_series(1, 7) i`,
    [project_id],
  );
  expect((await call('GET', '/v1/events', key)).body.items.length).toBeLessThan(7);
  expect(await allPages('/v1/events', key, 200)).toEqual(['e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7']);
});
