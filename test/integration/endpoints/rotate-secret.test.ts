import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Receiver, ScriptStep } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { SECRET } from '../../set-up/targets.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

type Endpoint = { id: string; secret: string };

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

let endpoints = 0;

/** Creates an endpoint that subscribes to an event type that no other endpoint gets. */
async function endpointWith(script: ScriptStep[] = [200]) {
  const receiver = await receiverThat(...script);
  const type = `rotation.${++endpoints}`;
  const endpoint = await posthorn.newEndpoint(receiver.url, { events: [type] });
  const send = () => posthorn.call<Event>('POST', '/v1/events?wait=30s', { type, data: { n: 1.5 } });
  return { receiver, endpoint, send };
}

const rotate = (id: string, rotation: object = {}): Promise<Endpoint> =>
  posthorn.call('POST', `/v1/endpoints/${id}/rotate-secret`, rotation);

/** Whether the last request verifies with the secret, by the library that receivers use. */
function verifies(receiver: Receiver, secret: string): boolean {
  const { body, headers } = receiver.requests.at(-1)!;
  try {
    new Webhook(secret).verify(body.toString(), headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}

test('both secrets verify during the overlap, only the new one after it', async () => {
  const { receiver, endpoint, send } = await endpointWith();
  const rotated = await rotate(endpoint.id, { overlap: '5s' });
  expect(rotated).toMatchObject({ id: endpoint.id, url: receiver.url, status: 'active' });
  expect(rotated.secret).not.toBe(endpoint.secret);

  await send();
  expect([endpoint.secret, rotated.secret].map((secret) => verifies(receiver, secret))).toEqual([true, true]);

  await eventually(async () => {
    await send();
    expect(verifies(receiver, rotated.secret)).toBe(true);
    return !verifies(receiver, endpoint.secret);
  });
});

test('without an overlap only the new secret signs from the next attempt on, even for earlier events', async () => {
  const { receiver, endpoint, send } = await endpointWith([500, 200]);
  const sent = send();
  await eventually(async () => receiver.requests.length === 1);
  expect(verifies(receiver, endpoint.secret)).toBe(true);

  const { secret } = await rotate(endpoint.id, { overlap: '0s' });
  await eventually(async () => {
    const { items } = await posthorn.call<{ items: { id: string; attempts: number }[] }>(
      'GET',
      `/v1/deliveries?endpoint=${endpoint.id}&status=retrying`,
    );
    if (items[0]?.attempts !== 1) return false;
    await posthorn.call('POST', `/v1/deliveries/${items[0].id}/retry`);
    return true;
  });

  expect((await sent).status).toBe('delivered');
  expect(verifies(receiver, secret)).toBe(true);
  expect(verifies(receiver, endpoint.secret)).toBe(false);
});

test('concurrent rotations lose no secret', async () => {
  const { receiver, endpoint, send } = await endpointWith();
  const rotated = await Promise.all([rotate(endpoint.id), rotate(endpoint.id)]);
  await send();
  for (const { secret } of [endpoint, ...rotated]) expect(verifies(receiver, secret)).toBe(true);
});

test('repeating a rotation whose response was lost keeps the secret that the receiver has', async () => {
  const { receiver, endpoint, send } = await endpointWith();
  const rotated = [];
  for (let times = 0; times < 5; times++) rotated.push((await rotate(endpoint.id)).secret);
  await send();
  expect(verifies(receiver, endpoint.secret)).toBe(true);
  expect(rotated.map((secret) => verifies(receiver, secret))).toEqual([false, false, false, true, true]);
});

test('the new secret is returned once and stored encrypted', async () => {
  const { endpoint } = await endpointWith();
  const { secret } = await rotate(endpoint.id);
  const { key } = posthorn.project;
  expect((await posthorn.client.call('GET', `/v1/endpoints/${endpoint.id}`, { key })).text).not.toContain(
    secret,
  );
  const { rows } = await posthorn.database.pool.query(
    "SELECT encode(secrets, 'escape') AS stored FROM endpoints WHERE id = $1",
    [endpoint.id],
  );
  expect(rows[0].stored).not.toContain('whsec_');
});

test('a secret may be provided, and must follow the rules of the profile', async () => {
  const { receiver, endpoint, send } = await endpointWith();
  const provided = SECRET;
  // The second rotation stands for a retry after a lost response. It must not remove the old secret.
  for (let times = 0; times < 2; times++)
    expect(await rotate(endpoint.id, { secret: provided })).toMatchObject({ secret: provided });
  await send();
  expect([provided, endpoint.secret].map((secret) => verifies(receiver, secret))).toEqual([true, true]);
  await expect(rotate(endpoint.id, { secret: 'short' })).rejects.toThrow(/422.*\/secret/);
  await expect(rotate(endpoint.id, { overlap: '8d' })).rejects.toThrow(/422.*\/overlap/);
});

test.each([
  [
    'pausepoint',
    { consumer: 'dev_1', secret: 'a'.repeat(16) },
    {},
    'is required: the profile generates no secrets',
  ],
  ['canvelete', {}, { secret: 'a'.repeat(16) }, 'must be left out: the secret is generated'],
])(
  'the rule of %s on the source of a secret applies to a rotation',
  async (profile, registration, rotation, why) => {
    const { key } = await posthorn.newProject({ profile });
    const url = 'https://127.0.0.1:9/';
    const made = await posthorn.client.call('POST', '/v1/endpoints', { key, body: { url, ...registration } });
    const { id } = made.body as Endpoint;
    const response = await posthorn.client.call('POST', `/v1/endpoints/${id}/rotate-secret`, {
      key,
      body: rotation,
    });
    expect(response).toMatchObject({
      status: 422,
      body: { code: 'invalid_body', errors: [{ pointer: '/secret', detail: expect.stringContaining(why) }] },
    });
  },
);

test('with a profile that sends one signature, only the new secret signs at once', async () => {
  const { key } = await posthorn.newProject({ profile: 'canvelete' });
  const receiver = await receiverThat();
  const call = async <T>(path: string, body: object): Promise<T> =>
    (await posthorn.client.call('POST', path, { key, body })).body as T;
  const { id } = await call<Endpoint>('/v1/endpoints', { url: receiver.url });
  const { secret } = await call<Endpoint>(`/v1/endpoints/${id}/rotate-secret`, { overlap: '1h' });
  await call('/v1/events?wait=30s', { type: 'design.deleted', data: { designId: 'd_1' } });
  const [request] = receiver.requests;
  const expected = createHmac('sha256', secret).update(request!.body).digest('hex');
  expect(request!.headers['x-canvelete-signature']).toBe(`sha256=${expected}`);
});

test('an earlier delivery whose secret the new profile cannot use becomes undeliverable with a reason', async () => {
  const { key } = await posthorn.newProject({ policy: { delays: ['1h', '1s'] } });
  const receiver = await receiverThat(500);
  const call = async <T>(method: string, path: string, body?: object): Promise<T> =>
    (await posthorn.client.call(method, path, { key, body })).body as T;
  const { id } = await call<Endpoint>('POST', '/v1/endpoints', { url: receiver.url });
  const event = await call<Event>('POST', '/v1/events', { type: 'a', data: {} });
  const present = () => call<Event>('GET', `/v1/events/${event.id}`);
  await eventually(async () => (await present()).deliveries[0]?.status === 'retrying');

  await call('PATCH', '/v1/project', { profile: 'canvelete' });
  await call('POST', `/v1/endpoints/${id}/rotate-secret`, { overlap: '0s' });
  const delivery = event.deliveries[0]!.id;
  await call('POST', `/v1/deliveries/${delivery}/retry`);
  await eventually(async () => (await present()).status === 'undeliverable');

  expect((await present()).deliveries).toMatchObject([
    { attempts: 3, lastOutcome: 'blocked', reason: 'exhausted' },
  ]);
  const { items } = await call<{ items: object[] }>('GET', `/v1/deliveries/${delivery}/attempts`);
  expect(items).toMatchObject([
    { number: 3, outcome: 'blocked', error: { code: 'SECRET_NOT_FITTING' }, request: { url: receiver.url } },
    { number: 2, outcome: 'blocked', request: { headers: {} } },
    { number: 1, outcome: 'rejected', error: null },
  ]);
  expect(receiver.requests).toHaveLength(1);
});
