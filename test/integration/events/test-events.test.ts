import { Webhook } from 'standardwebhooks';
import { accepts } from '../../../src/cli/try/reference-verifiers/reference-verifier.ts';
import { getProvider, PROVIDERS } from '../../providers/providers.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

type Json = Record<string, unknown>;
type Answer = { status: number; body: Json & { deliveries: Json[]; errors: Json[] } };

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

const call = async (key: string, method: string, path: string, body?: unknown): Promise<Answer> =>
  (await posthorn.client.call(method, path, { key, body })) as Answer;

/** An endpoint, by default subscribed to all types. */
async function endpointOf(
  key: string,
  url: string,
  settings: Json = {},
): Promise<{ id: string; secret: string }> {
  const body = { url, events: ['*'], ...settings };
  return (await call(key, 'POST', '/v1/endpoints', body)).body as unknown as { id: string; secret: string };
}

const NEEDED: Record<string, Json> = {
  'pdf-gorilla': { secret: 'at-least-32-random-bytes-please' },
  pausepoint: { secret: 'your-webhook-signing-secret', consumer: 'dev_uuid' },
};

test.each(PROVIDERS)(
  'each example of $name reaches the endpoint, signed as the page says, and is a test in our records',
  async (provider) => {
    const { key } = await posthorn.newProject({ profile: provider.name });
    const receiver = await receiverThat();
    const { id, secret } = await endpointOf(key, receiver.url, NEEDED[provider.name]);

    for (const { name, example } of provider.profile.eventTypes) {
      const { status, body } = await call(key, 'POST', `/v1/endpoints/${id}/test?wait=30s`, { type: name });
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { type: name, test: true, status: 'delivered', data: example, deliveries: [{ endpoint: id }] },
      });
      const { headers, body: sent } = receiver.requests.at(-1)!;
      const request = { headers: headers as Record<string, string>, body: sent };
      expect(accepts(provider.receiver, request, secret)).toBe(true);
      expect(sent.toString()).toBe(body.body);
    }
    expect(receiver.requests).toHaveLength(provider.profile.eventTypes.length);
  },
);

test('a test event reaches only its endpoint, subscribed or not', async () => {
  const { key } = await posthorn.newProject({ profile: 'canvelete' });
  const [tested, other] = [await receiverThat(), await receiverThat()];
  const { id } = await endpointOf(key, tested.url, { events: ['render.*'] });
  await endpointOf(key, other.url);

  const { body } = await call(key, 'POST', `/v1/endpoints/${id}/test?wait=30s`, { type: 'design.deleted' });

  expect(body).toMatchObject({ status: 'delivered', deliveryCount: 1 });
  expect([tested, other].map(({ requests }) => requests.length)).toEqual([1, 0]);
});

test('without a type the first example of the catalogue is sent, without a catalogue a small default event', async () => {
  const canvelete = (await posthorn.newProject({ profile: 'canvelete' })).key;
  const receiver = await receiverThat();
  const first = await endpointOf(canvelete, receiver.url);
  expect((await call(canvelete, 'POST', `/v1/endpoints/${first.id}/test?wait=30s`, {})).body).toMatchObject({
    type: 'render.completed',
    test: true,
  });

  const { key } = await posthorn.newProject();
  const { id, secret } = await endpointOf(key, receiver.url);
  const sent = await call(key, 'POST', `/v1/endpoints/${id}/test?wait=30s`, {});
  expect(sent.body).toMatchObject({ type: 'posthorn.test', test: true, data: { test: true } });
  const request = receiver.requests.at(-1)!;
  const verified = new Webhook(secret).verify(
    request.body.toString(),
    request.headers as Record<string, string>,
  );
  expect(verified).toMatchObject({ type: 'posthorn.test', data: { test: true } });
});

test.each(['standard-webhooks', 'canvelete'])(
  'a type without an example in %s is refused',
  async (profile) => {
    const { key } = await posthorn.newProject({ profile });
    const { id } = await endpointOf(key, 'http://127.0.0.1:9/');
    expect(await call(key, 'POST', `/v1/endpoints/${id}/test`, { type: 'nobody.knows' })).toMatchObject({
      status: 422,
      body: {
        code: 'invalid_body',
        errors: [{ pointer: '/type', detail: 'has no example in the catalogue' }],
      },
    });
  },
);

test('a failed test event is retried like any event', async () => {
  const receiver = await receiverThat(500, 200);
  const { id } = await posthorn.newEndpoint(receiver.url);
  const event = await posthorn.call<Event>('POST', `/v1/endpoints/${id}/test`, {});
  await eventually(async () => (await posthorn.eventOf(event.id)).deliveries[0]!.status === 'retrying');
  const [delivery] = (await posthorn.eventOf(event.id)).deliveries;

  await posthorn.call('POST', `/v1/deliveries/${delivery!.id}/retry`);

  expect(await posthorn.untilSettled(event.id)).toMatchObject({
    status: 'delivered',
    test: true,
    deliveries: [{ attempts: 2 }],
  });
});

test('a test event is marked in the body if the profile supports it; other events are not', async () => {
  const { key } = await posthorn.newProject();
  const { body: shipped } = await call(key, 'GET', '/v1/profiles/standard-webhooks');
  const body = { event: '$type', isTest: '$test', data: '$data' };
  const own = { ...(shipped.profile as Json), name: 'marked', body };
  expect((await call(key, 'PUT', '/v1/profiles/marked', own)).status).toBe(200);
  await call(key, 'PATCH', '/v1/project', { profile: 'marked' });
  const receiver = await receiverThat();
  const { id } = await endpointOf(key, receiver.url);

  await call(key, 'POST', `/v1/endpoints/${id}/test?wait=30s`, {});
  await call(key, 'POST', '/v1/events?wait=30s', { type: 'a', data: 1 });

  expect(receiver.requests.map(({ body: sent }) => sent.toString())).toEqual([
    '{"event":"posthorn.test","isTest":true,"data":{"test":true}}',
    '{"event":"a","isTest":false,"data":1}',
  ]);
});

test("the project's own example is sent byte for byte; without a type, the first one", async () => {
  const { key } = await posthorn.newProject();
  await call(key, 'PUT', '/v1/event-types/a.without', { description: 'Has no example' });
  const example = '{"n":12345678901234567890,"one":1.0}';
  const text = `{"description":"Has one","example":${example}}`;
  expect((await call(key, 'PUT', '/v1/event-types/b.with', text)).status).toBe(200);
  const receiver = await receiverThat();
  const { id } = await endpointOf(key, receiver.url);

  const sent = await call(key, 'POST', `/v1/endpoints/${id}/test?wait=30s`, {});

  expect(sent.body).toMatchObject({ type: 'b.with', status: 'delivered' });
  expect(receiver.requests[0]!.body.toString()).toContain(`"data":${example}`);
  const refused = await call(key, 'POST', `/v1/endpoints/${id}/test`, { type: 'a.without' });
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/type' }] } });
});

test('a test event to a paused endpoint is held until it resumes', async () => {
  const receiver = await receiverThat();
  const { id } = await posthorn.newEndpoint(receiver.url);
  await posthorn.call('POST', `/v1/endpoints/${id}/pause`);
  const event = await posthorn.call<Event>('POST', `/v1/endpoints/${id}/test`, {});
  expect((await posthorn.eventOf(event.id)).deliveries).toMatchObject([
    { status: 'held', waitingFor: 'endpoint_paused' },
  ]);
  expect(receiver.requests).toEqual([]);

  await posthorn.call('POST', `/v1/endpoints/${id}/resume`);
  expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered', test: true });
});

test('a consumer can test only its own endpoints', async () => {
  const provider = getProvider('pausepoint');
  const { key } = await posthorn.newProject({ profile: provider.name });
  const keyOf = async (consumer: string) =>
    (await call(key, 'POST', '/v1/keys', { consumer })).body.key as string;
  const [own, others] = [await keyOf('dev_uuid'), await keyOf('dev_other')];
  const receiver = await receiverThat();
  const { id } = await endpointOf(own, receiver.url, NEEDED.pausepoint);

  expect((await call(others, 'POST', `/v1/endpoints/${id}/test`, {})).status).toBe(404);
  const sent = await call(own, 'POST', `/v1/endpoints/${id}/test?wait=30s`, {});
  expect(sent.body).toMatchObject({ status: 'delivered', consumer: 'dev_uuid' });
  expect(JSON.parse(receiver.requests[0]!.body.toString())).toMatchObject({
    developer_id: 'dev_uuid',
    pause_id: 'psr_uuid',
  });
  expect(receiver.requests).toHaveLength(1);
});

test('a project key sends data of its own byte for byte, with any type, and a consumer key does not', async () => {
  const { key } = await posthorn.newProject();
  const receiver = await receiverThat();
  const { id } = await endpointOf(key, receiver.url, { consumer: 'acme' });
  const path = `/v1/endpoints/${id}/test?wait=30s`;
  // As text: JSON.stringify would change the number.
  const response = await fetch(posthorn.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: '{"type":"order.paid","data":{"big": 12345678901234567890}}',
  });
  expect(await response.json()).toMatchObject({ type: 'order.paid', test: true, status: 'delivered' });
  expect(receiver.requests.at(-1)!.body.toString()).toContain('"data":{"big": 12345678901234567890}');

  const consumerKey = (await call(key, 'POST', '/v1/keys', { consumer: 'acme' })).body.key as string;
  const body = { type: 'order.paid', data: {} };
  expect(await call(consumerKey, 'POST', path, body)).toMatchObject({
    status: 403,
    body: { code: 'forbidden' },
  });
  expect((await call(consumerKey, 'POST', path, {})).status).toBe(200);
});

test('data that the schema of its type does not allow is refused', async () => {
  const { key } = await posthorn.newProject();
  const schema = { type: 'object', required: ['order'] };
  await call(key, 'PUT', '/v1/event-types/order.paid', {
    description: 'Paid',
    schema,
    example: { order: 1 },
  });
  const { id } = await endpointOf(key, (await receiverThat()).url);

  const refused = await call(key, 'POST', `/v1/endpoints/${id}/test`, { type: 'order.paid', data: {} });

  expect(refused).toMatchObject({
    status: 422,
    body: { code: 'data_not_valid', errors: [{ pointer: '/data/order' }] },
  });
});
