import { verifyPausepoint } from '../../../src/cli/try/reference-verifiers/pausepoint.ts';
import { accepts } from '../../../src/cli/try/reference-verifiers/reference-verifier.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

type Json = Record<string, unknown>;
type Answer = { status: number; text: string; body: Json & { items: Json[]; errors: Json[] } };

const SECRET = 'your-webhook-signing-secret';
const EVENTS = ['pause.responded', 'pause.timed_out', 'pause.cancelled'];

let posthorn: TestPosthorn;
let receiver: Receiver;
let project: string;
let developer: string;
let otherDeveloper: string;

beforeAll(async () => {
  posthorn = await startTestPosthorn();
  receiver = await startReceiver();
  project = (await posthorn.newProject({ profile: 'pausepoint' })).key;
  developer = await keyOf('dev_uuid');
  otherDeveloper = await keyOf('dev_other');
});
afterAll(async () => {
  await receiver.close();
  await posthorn.close();
});

const call = async (key: string, method: string, path: string, body?: unknown): Promise<Answer> =>
  (await posthorn.client.call(method, path, { key, body })) as unknown as Answer;
const keyOf = async (consumer: string): Promise<string> =>
  (await call(project, 'POST', '/v1/keys', { consumer })).body.key as string;
const register = (key: string, changes: Json = {}): Promise<Answer> =>
  call(key, 'POST', '/v1/webhooks', { url: receiver.url, events: EVENTS, secret: SECRET, ...changes });

test("a webhook registered as PausePoint's page describes gets the developer's events, signed as the page describes", async () => {
  const made = await register(developer);
  expect(made).toMatchObject({
    status: 201,
    body: { url: receiver.url, events: EVENTS, status: 'active', secret: SECRET },
  });

  const event = {
    type: 'pause.timed_out',
    consumer: 'dev_uuid',
    attributes: { pause_id: 'psr_uuid' },
    data: { choice: null, response_at: '2026-05-08T18:00:00Z', metadata: { amount: 340 } },
  };
  const sent = await call(project, 'POST', '/v1/events?wait=30s', event);
  expect(sent.body).toMatchObject({ status: 'delivered', deliveryCount: 1 });
  const { headers, body } = receiver.requests.at(-1)!;
  const request = { headers: headers as Record<string, string>, body };
  expect(accepts(verifyPausepoint, request, SECRET)).toBe(true);
  expect(JSON.parse(body.toString())).toMatchObject({ developer_id: 'dev_uuid', pause_id: 'psr_uuid' });

  expect((await call(developer, 'DELETE', `/v1/webhooks/${made.body.id}`)).status).toBe(204);
  expect((await call(project, 'POST', '/v1/events', event)).body).toMatchObject({ status: 'unrouted' });
});

test('webhooks and endpoints are the same rows, and neither list contains secrets', async () => {
  const { id } = (await register(developer)).body;
  const endpoint = await call(developer, 'GET', `/v1/endpoints/${id}`);
  expect(endpoint.body).toMatchObject({ id, url: receiver.url, events: EVENTS, consumer: 'dev_uuid' });
  const listed = await call(developer, 'GET', '/v1/webhooks');
  const { createdAt } = endpoint.body;
  expect(listed.body).toEqual({
    items: [{ id, url: receiver.url, events: EVENTS, status: 'active', createdAt }],
    nextCursor: null,
  });
  expect(listed.text).not.toContain(SECRET);

  await call(developer, 'DELETE', `/v1/endpoints/${id}`);
  expect((await call(developer, 'GET', '/v1/webhooks')).body.items).toEqual([]);
});

test('webhooks are paged without gaps, newest first', async () => {
  const key = await keyOf('dev_pages');
  const made: unknown[] = [];
  for (let n = 0; n < 5; n++) made.unshift((await register(key)).body.id);
  const listed: unknown[] = [];
  let cursor = '';
  do {
    const { body } = await call(key, 'GET', `/v1/webhooks?limit=2${cursor}`);
    listed.push(...body.items.map(({ id }) => id));
    cursor = body.nextCursor ? `&cursor=${body.nextCursor}` : '';
  } while (cursor);
  expect(listed).toEqual(made);
});

test("a developer cannot see or delete another developer's webhook", async () => {
  const { id } = (await register(developer)).body;
  expect((await call(otherDeveloper, 'GET', '/v1/webhooks')).body.items).toEqual([]);
  expect((await call(otherDeveloper, 'DELETE', `/v1/webhooks/${id}`)).status).toBe(404);
  expect((await call(developer, 'DELETE', `/v1/webhooks/${id}`)).status).toBe(204);
  expect((await call(developer, 'DELETE', `/v1/webhooks/${id}`)).status).toBe(404);
});

test.each([
  [{ secret: undefined }, 'invalid_body', '/secret'],
  [{ secret: 'x'.repeat(15) }, 'invalid_body', '/secret'],
  [{ url: 'http://hooks.example.com/' }, 'invalid_url', '/url'],
  [{ url: 'https://10.0.0.1/' }, 'invalid_url', '/url'],
  [{ events: undefined }, 'invalid_body', '/events'],
  [{ events: [] }, 'invalid_body', '/events'],
  [{ consumer: 'dev_other' }, 'invalid_body', '/consumer'],
])('a webhook with %j is refused: %s at %s', async (changes, code, pointer) => {
  expect(await register(developer, changes)).toMatchObject({
    status: 422,
    body: { code, errors: [{ pointer }] },
  });
});

test('a project key registers webhooks without a consumer if the profile does not require one', async () => {
  expect(await register(project)).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/consumer' }] },
  });
  const { key } = await posthorn.newProject({ profile: 'smartlyq' });
  const made = await register(key, { events: ['job.*'], secret: undefined });
  expect(made).toMatchObject({ status: 201, body: { secret: expect.stringMatching(/^[0-9a-f]{64}$/) } });
  expect((await call(key, 'GET', `/v1/endpoints/${made.body.id}`)).body.consumer).toBeNull();
});

test('a consumer whose plan excludes webhooks cannot register one, and a test event to an earlier one is unrouted', async () => {
  const { key } = await posthorn.newProject({ profile: 'cmdcal' });
  const own = (await call(key, 'POST', '/v1/keys', { consumer: 'org_1' })).body.key as string;
  const refused = await register(own, { events: ['*'] });
  expect(refused).toMatchObject({ status: 403, body: { code: 'plan_required' } });

  await call(key, 'PUT', '/v1/consumers/org_1', { plan: 'pro' });
  const made = await register(own, { events: ['*'] });
  expect(made.status).toBe(201);

  await call(key, 'PUT', '/v1/consumers/org_1', { plan: 'free' });
  expect((await call(own, 'POST', `/v1/endpoints/${made.body.id}/test`, {})).body).toMatchObject({
    test: true,
    status: 'unrouted',
  });
});
