import { markEndpointDeleted } from '../../../src/store/endpoints/delete-endpoint.ts';
import { type ApiCalls, createApiCalls } from '../../set-up/api-calls.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
let call: ApiCalls['call'];
beforeAll(async () => {
  api = await startTestApi();
  ({ call } = createApiCalls(api));
});
afterAll(() => api.close());

type Json = Record<string, unknown>;
const url = 'http://127.0.0.1:9/hook';

test('deleting an endpoint again completes an interrupted deletion and returns 404', async () => {
  const { id: project, key } = await api.newProject();
  const endpoint = (await call('POST', '/v1/endpoints', key, { url })).body.id as string;
  const event = await call('POST', '/v1/events', key, { type: 'a', data: 1 });
  await markEndpointDeleted(api.database.pool, project, null, endpoint);

  const other = (await api.newProject()).key;
  expect((await call('DELETE', `/v1/endpoints/${endpoint}`, other)).status).toBe(404);
  expect((await call('GET', `/v1/events/${event.body.id}`, key)).body.status).toBe('pending');

  expect((await call('DELETE', `/v1/endpoints/${endpoint}`, key)).status).toBe(404);
  const after = await call('GET', `/v1/events/${event.body.id}`, key);
  expect(after.body.deliveries).toMatchObject([{ status: 'cancelled', reason: 'endpoint_deleted' }]);
});

test('the secret is returned once, header values never, and both are stored encrypted', async () => {
  const { key } = await api.newProject();
  const headers = { 'X-Token': 'canary-value' };
  const created = await call('POST', '/v1/endpoints', key, { url, headers, description: 'ours' });
  expect(created.body).toMatchObject({
    url,
    events: ['*'],
    consumer: null,
    description: 'ours',
    status: 'active',
  });
  expect(created.body.secret).toMatch(/^whsec_/);
  const read = await api.call('GET', `/v1/endpoints/${created.body.id}`, { key });
  expect(read.text).not.toContain('canary');
  expect(read.text).not.toContain('whsec_');
  expect((read.body as Json).headers).toEqual({ 'X-Token': '••••' });
  const { rows } = await api.database.pool.query(
    "SELECT encode(secrets, 'escape') || encode(headers, 'escape') AS stored FROM endpoints WHERE id = $1",
    [created.body.id],
  );
  expect(rows[0].stored).not.toMatch(/canary|whsec_/);
});

test('a change keeps the members that it does not contain', async () => {
  const { key } = await api.newProject();
  const created = (
    await call('POST', '/v1/endpoints', key, { url, description: 'a', headers: { 'x-a': 'b' } })
  ).body;
  const patched = await call('PATCH', `/v1/endpoints/${created.id}`, key, { events: ['a.*', 'b'] });
  const { secret: _, updatedAt: __, ...before } = created;
  expect(patched.body).toMatchObject({ ...before, events: ['a.*', 'b'] });
  const cleared = await call('PATCH', `/v1/endpoints/${created.id}`, key, {
    description: null,
    headers: null,
  });
  expect(cleared.body).toMatchObject({ description: null, headers: {}, events: ['a.*', 'b'] });
});

test('deleting an endpoint cancels its open deliveries', async () => {
  const { key } = await api.newProject();
  const { id } = (await call('POST', '/v1/endpoints', key, { url })).body;
  const event = await call('POST', '/v1/events', key, { type: 'a', data: 1 });
  expect((await call('DELETE', `/v1/endpoints/${id}`, key)).status).toBe(204);
  for (const method of ['GET', 'DELETE'])
    expect((await call(method, `/v1/endpoints/${id}`, key)).status).toBe(404);
  expect((await call('PATCH', `/v1/endpoints/${id}`, key, {})).status).toBe(404);
  const { deliveries, status } = (await call('GET', `/v1/events/${event.body.id}`, key)).body;
  expect({ deliveries, status }).toMatchObject({
    deliveries: [{ reason: 'endpoint_deleted' }],
    status: 'cancelled',
  });
});

test.each([
  ['ftp://example.com', 'invalid_url'],
  ['http://10.0.0.1/', 'invalid_url'],
  ['http://169.254.169.254/latest', 'invalid_url'],
  ['https://user:pass@example.com', 'invalid_url'],
  ['not a url', 'invalid_url'],
  ['', 'invalid_body'],
])('the URL %j is rejected', async (bad, code) => {
  const { key } = await api.newProject();
  const { status, body } = await call('POST', '/v1/endpoints', key, { url: bad });
  expect({ status, code: body.code }).toEqual({ status: 422, code });
  expect((body.errors as Json[])[0]!.pointer).toBe('/url');
});

test.each([
  'Host',
  'connection',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Content-Type',
  'content-length',
  'Webhook-Signature',
  'webhook-id',
  'accept-encoding',
  'a b',
  'a:b',
  '',
])('the header name %j is rejected', async (name) => {
  const { key } = await api.newProject();
  expect(await call('POST', '/v1/endpoints', key, { url, headers: { [name]: 'x' } })).toMatchObject({
    status: 422,
    body: { code: 'invalid_body' },
  });
});

test.each(['a\r\nb', 'a\nHost: x', 'a\u0000', ' a', 'a ', 'ä', '••••'])(
  'the header value %j is rejected',
  async (value) => {
    const { key } = await api.newProject();
    expect((await call('POST', '/v1/endpoints', key, { url, headers: { 'x-a': value } })).status).toBe(422);
  },
);

test('21 headers, a name in two spellings, and an invalid pattern are rejected', async () => {
  const { key } = await api.newProject();
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`x-${i}`, 'a']));
  for (const extra of [
    { headers: many },
    { headers: { 'x-a': '1', 'X-A': '2' } },
    { events: ['a.*.b'] },
    { events: [] },
  ]) {
    expect((await call('POST', '/v1/endpoints', key, { url, ...extra })).status).toBe(422);
  }
});

test('a secret that the profile does not accept is rejected', async () => {
  const { key } = await api.newProject();
  expect(await call('POST', '/v1/endpoints', key, { url, secret: 'short' })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/secret' }] },
  });
});
