import { verifyWebhook } from '../../../sdk/typescript/src/index.ts';
import { DEFAULT_QUOTAS } from '../../../src/policy/quotas.ts';
import { deleteExpiredListeners } from '../../../src/store/listeners/connections.ts';
import { eventually } from '../../set-up/eventually.ts';
import { connectListener, type ListenerClient, type ReceivedRequest } from '../../set-up/listener-client.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

type Listener = { id: string; label: string; secret?: string; connected: boolean; expiresAt: string };

let posthorn: TestPosthorn;
const clients: ListenerClient[] = [];
beforeAll(async () => {
  const quotas = { ...DEFAULT_QUOTAS, listenersOfConsumer: 2 };
  posthorn = await startTestPosthorn({ settings: { quotas } });
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});
afterAll(() => posthorn.close());

const newListener = (body: object = {}): Promise<Listener> => posthorn.call('POST', '/v1/listeners', body);

const isConnected = async (id: string): Promise<boolean> => {
  const { items } = await posthorn.call<{ items: Listener[] }>('GET', '/v1/listeners');
  return items.some((listener) => listener.id === id && listener.connected);
};

async function connect(
  id: string,
  ...respond: Parameters<typeof connectListener>[3][]
): Promise<ListenerClient> {
  const client = connectListener(posthorn.url, posthorn.project.key, id, ...respond);
  clients.push(client);
  await eventually(() => isConnected(id));
  return client;
}

/** A type of its own for each test, so that it gets no event of another. */
let types = 0;
const newType = (): string => `listened.t${++types}`;

const attemptsOf = (delivery: string) =>
  posthorn.call<{ items: Record<string, unknown>[] }>('GET', `/v1/deliveries/${delivery}/attempts`);

test('a listener gets the signed request, and its response is the attempt', async () => {
  const type = newType();
  const listener = await newListener({ label: 'anna', events: [type] });
  expect(listener).toMatchObject({ label: 'anna', events: [type], consumer: null, connected: false });
  const client = await connect(listener.id, () => ({
    status: 201,
    headers: { 'x-made-by': 'anna' },
    body: 'grüezi',
    durationMs: 5,
  }));

  const { id } = await posthorn.post({ type, data: { order: 12345678901234567890n.toString() } });
  const event = await posthorn.untilSettled(id);

  expect(event).toMatchObject({ status: 'delivered', deliveries: [{ endpoint: listener.id, attempts: 1 }] });
  const [request] = client.requests as [ReceivedRequest];
  expect(request).toMatchObject({ delivery: event.deliveries[0]!.id, attempt: 1, event: id, type });
  expect(request).toMatchObject({ url: 'listener:anna', headers: { 'user-agent': 'Posthorn-Test' } });
  const signed = { payload: request.body, headers: request.headers, secret: listener.secret! };
  expect(verifyWebhook({ profile: 'standard-webhooks', ...signed })).toBe(true);
  expect((await attemptsOf(event.deliveries[0]!.id)).items).toMatchObject([
    {
      outcome: 'delivered',
      statusCode: 201,
      durationMs: 5,
      request: { url: 'listener:anna' },
      response: { headers: { 'x-made-by': 'anna' }, body: 'grüezi', truncated: false },
    },
  ]);
  expect(await posthorn.call('GET', `/v1/endpoints/${listener.id}`)).toMatchObject({
    kind: 'listener',
    url: 'listener:anna',
  });
  const { rows } = await posthorn.database.pool.query('SELECT FROM listener_requests');
  expect(rows).toEqual([]);
});

test('what the client reports is classified as the response of a URL would be', async () => {
  const type = newType();
  const { id } = await newListener({ events: [type] });
  await posthorn.call('PATCH', `/v1/endpoints/${id}`, { policy: { delays: ['1s', '1s', '1s'] } });
  const responses = [
    { status: 503, headers: { 'Retry-After': '0' }, body: 'x'.repeat(17_000) },
    { status: 302, headers: { Location: 'https://elsewhere.example/hook?token=1' } },
    { error: 'ECONNREFUSED' },
    { error: 'CERT_HAS_EXPIRED' },
  ];
  await connect(id, () => responses.shift()!);

  const event = await posthorn.untilSettled((await posthorn.post({ type, data: 1 })).id);

  expect(event.status).toBe('undeliverable');
  const { items } = await attemptsOf(event.deliveries[0]!.id);
  expect(items.reverse()).toMatchObject([
    { outcome: 'rejected', statusCode: 503, response: { truncated: true, body: 'x'.repeat(16_384) } },
    {
      outcome: 'rejected',
      statusCode: 302,
      error: { message: expect.stringContaining('elsewhere.example/hook?…') },
    },
    { outcome: 'connection_failed', error: { code: 'ECONNREFUSED' }, response: null },
    { outcome: 'tls_failed', error: { code: 'CERT_HAS_EXPIRED' } },
  ]);
});

test('what came while nobody was connected arrives later, by the policy', async () => {
  const type = newType();
  const { id } = await newListener({ events: [type] });
  await posthorn.call('PATCH', `/v1/endpoints/${id}`, { policy: { delays: Array(20).fill('2s') } });
  const posted = await posthorn.post({ type, data: 1 });
  const isTried = async () => (await posthorn.eventOf(posted.id)).deliveries[0]!.attempts > 0;
  await eventually(isTried);

  await connect(id, () => ({ status: 204 }));
  const event = await posthorn.untilSettled(posted.id);

  expect(event.status).toBe('delivered');
  const { items } = await attemptsOf(event.deliveries[0]!.id);
  expect(items.at(-1)).toMatchObject({
    outcome: 'connection_failed',
    error: { code: 'listener_offline' },
    response: null,
  });
  // A listener that is away is not an endpoint that fails.
  expect(await posthorn.call('GET', `/v1/endpoints/${id}`)).toMatchObject({ health: { status: 'healthy' } });
});

test('without a response the attempt times out, and a later response is refused', async () => {
  const type = newType();
  const { id } = await newListener({ events: [type] });
  await posthorn.call('PATCH', `/v1/endpoints/${id}`, { policy: { delays: [], timeout: '1s' } });
  const client = await connect(id);

  const event = await posthorn.untilSettled((await posthorn.post({ type, data: 1 })).id);

  expect(event).toMatchObject({ status: 'undeliverable', deliveries: [{ lastOutcome: 'timeout' }] });
  await expect(client.respond(client.requests[0]!, { status: 200 })).rejects.toMatchObject({
    status: 409,
    code: 'response_too_late',
  });
});

test('a delivery that is resent reaches the listener again', async () => {
  const type = newType();
  const { id } = await newListener({ events: [type] });
  const client = await connect(id, () => ({ status: 200 }));
  const event = await posthorn.untilSettled((await posthorn.post({ type, data: 1 })).id);

  await posthorn.call('POST', `/v1/deliveries/${event.deliveries[0]!.id}/retry`);

  await client.untilReceived(2);
  const [first, second] = client.requests as [ReceivedRequest, ReceivedRequest];
  expect(second).toMatchObject({ event: first.event, body: first.body, attempt: 1 });
  expect(second.delivery).not.toBe(first.delivery);
});

test('a second stream takes the place of the first, and gets what has no response', async () => {
  const type = newType();
  const { id } = await newListener({ events: [type] });
  const first = await connect(id);
  const posted = await posthorn.post({ type, data: 1 });
  await first.untilReceived(1);

  const second = await connect(id, () => ({ status: 200 }));

  expect(await first.ended).toBeUndefined();
  await second.untilReceived(1);
  expect(second.requests[0]).toMatchObject({ delivery: first.requests[0]!.delivery, attempt: 1 });
  expect(await posthorn.untilSettled(posted.id)).toMatchObject({
    status: 'delivered',
    deliveries: [{ attempts: 1 }],
  });
});

test('a consumer key has listeners of its consumer, gets its events alone, and finds no other', async () => {
  const keyOf = async (consumer: string) =>
    (await posthorn.call<{ key: string }>('POST', '/v1/keys', { consumer })).key;
  const [acme, globex] = [await keyOf('acme'), await keyOf('globex')];
  const as = (key: string, method: string, path: string, body?: unknown) =>
    posthorn.client.call(method, path, { key, body });
  const type = newType();
  const made = (await as(acme, 'POST', '/v1/listeners', { events: [type] })).body as Listener;
  expect(made).toMatchObject({ consumer: 'acme', connected: false });
  const client = connectListener(posthorn.url, acme, made.id, () => ({ status: 200 }));
  clients.push(client);
  await eventually(() => isConnected(made.id));

  await posthorn.post({ type, data: 'of globex', consumer: 'globex' });
  await posthorn.post({ type, data: 'of nobody' });
  const own = await posthorn.post({ type, data: 'of acme', consumer: 'acme' });
  await posthorn.untilSettled(own.id);
  expect(client.requests.map(({ event }) => event)).toEqual([own.id]);

  const response = { delivery: client.requests[0]!.delivery, attempt: 1, status: 200 };
  const refused = await Promise.all([
    as(globex, 'GET', `/v1/listeners/${made.id}/requests`),
    as(globex, 'POST', `/v1/listeners/${made.id}/responses`, response),
    as(globex, 'DELETE', `/v1/listeners/${made.id}`),
    as(acme, 'POST', '/v1/listeners', { consumer: 'globex' }),
  ]);
  expect(refused.map(({ status }) => status)).toEqual([404, 404, 404, 403]);
  expect((await as(globex, 'GET', '/v1/listeners')).body).toMatchObject({ items: [] });

  expect((await as(acme, 'POST', '/v1/listeners')).status).toBe(201);
  expect(await as(acme, 'POST', '/v1/listeners')).toMatchObject({
    status: 409,
    body: { code: 'quota_exceeded', detail: 'The quota listenersOfConsumer=2 is reached.' },
  });
  expect((await as(globex, 'POST', '/v1/listeners')).status).toBe(201);
});

test('the same label returns the same listener, without its secret', async () => {
  const first = await newListener({ label: 'twice' });
  const second = await posthorn.client.call('POST', '/v1/listeners', {
    key: posthorn.project.key,
    body: { label: 'twice' },
  });

  expect(first.secret).toMatch(/^whsec_/);
  expect(second).toMatchObject({ status: 200, body: { id: first.id } });
  expect(second.body).not.toHaveProperty('secret');
  const other = await newListener({ label: 'twice', consumer: 'acme-2' });
  expect(other.id).not.toBe(first.id);
});

test('a listener ends with its deletion, or 24 hours after its last connection', async () => {
  const type = newType();
  const [deleted, expired] = [await newListener({ events: [type] }), await newListener({ events: [type] })];
  const client = await connect(deleted.id);
  const { pool } = posthorn.database;
  const inHours = (Date.parse(expired.expiresAt) - Date.now()) / 3_600_000;
  expect(inHours).toBeGreaterThan(23.9);
  expect(inHours).toBeLessThan(24.1);

  await posthorn.call('DELETE', `/v1/endpoints/${deleted.id}`);
  let hasEnded = false;
  void client.ended.then(() => {
    hasEnded = true;
  });
  await eventually(() => hasEnded);
  expect(await client.ended).toBeUndefined();
  await pool.query(`UPDATE listeners SET expires_at = now() - interval '1 second' WHERE endpoint_id = $1`, [
    expired.id,
  ]);
  expect(await deleteExpiredListeners(pool)).toBe(1);

  for (const { id } of [deleted, expired])
    expect(
      await posthorn.client.call('GET', `/v1/endpoints/${id}`, { key: posthorn.project.key }),
    ).toMatchObject({ status: 404 });
  const { deliveries } = await posthorn.post({ type, data: 1 });
  const endpoints = deliveries.map(({ endpoint }) => endpoint);
  expect(endpoints).not.toContain(deleted.id);
  expect(endpoints).not.toContain(expired.id);
});
