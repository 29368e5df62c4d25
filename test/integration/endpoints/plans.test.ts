import { createShippedProfiles } from '../../../src/profiles/shipped/registry.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { untilWaiting } from '../../replay/steps.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

const SECRET = 'a-secret-from-the-configuration';
const failed = createShippedProfiles()
  .get('cmdcal')!
  .eventTypes!.find(({ name }) => name === 'render.failed')!;

let posthorn: TestPosthorn;
let project: { id: string; key: string };
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
beforeEach(async () => {
  project = await posthorn.newProject({ profile: 'cmdcal' });
});
afterAll(() => posthorn.close());

type Answer = { status: number; body: { id: string; key?: string; detail?: string } };

const call = async (method: string, path: string, body?: unknown, key = project.key): Promise<Answer> =>
  (await posthorn.client.call(method, path, { key, body })) as unknown as Answer;

const setPlan = (consumer: string, plan?: string) =>
  call('PUT', `/v1/consumers/${consumer}`, plan === undefined ? {} : { plan });
const register = (consumer: string, url: string, key?: string) =>
  call('POST', '/v1/endpoints', { url, consumer }, key);
const post = async (consumer?: string, rest: object = {}) =>
  (await call('POST', '/v1/events', { type: failed.name, data: failed.example, consumer, ...rest }))
    .body as unknown as Event;
const eventOf = async (id: string) => (await call('GET', `/v1/events/${id}`)).body as unknown as Event;
const untilIs = (status: string, { id }: Event) =>
  eventually(async () => (await eventOf(id)).deliveries[0]?.status === status);

async function untilRetrying(event: Event): Promise<string> {
  await untilIs('retrying', event);
  const { id, workflow } = (await eventOf(event.id)).deliveries[0]!;
  await untilWaiting(posthorn, workflow!.id, id, 1);
  return id;
}

test('a consumer without the plan cannot register endpoints and its events are stored; with the plan both work', async () => {
  const receiver = await receiverThat(200);
  const { key: consumerKey } = (await call('POST', '/v1/keys', { consumer: 'acme' })).body;
  const refused = { status: 403, body: { code: 'plan_required' } };
  const webhook = { url: receiver.url, events: [failed.name], secret: SECRET };

  expect(await register('acme', receiver.url)).toMatchObject(refused);
  expect(await register('acme', receiver.url, consumerKey)).toMatchObject(refused);
  expect(await call('POST', '/v1/webhooks', webhook, consumerKey)).toMatchObject(refused);
  await setPlan('acme', 'free');
  const { body } = await register('acme', receiver.url);
  expect(body.detail).toBe('Webhooks are part of the plans pro, business; the consumer is on free.');
  expect(await post('acme')).toMatchObject({ status: 'unrouted', deliveryCount: 0 });

  await setPlan('acme', 'pro');
  expect(await register('acme', receiver.url, consumerKey)).toMatchObject({ status: 201 });
  const event = await post('acme');
  await untilIs('delivered', event);
  expect(receiver.requests).toHaveLength(1);
});

test('a refused registration creates no consumer', async () => {
  expect(await register('nobody', 'http://127.0.0.1:9/')).toMatchObject({ status: 403 });
  expect(await call('GET', '/v1/consumers/nobody')).toMatchObject({ status: 404 });
});

test('lowering the plan holds due deliveries and routes no new events; raising it releases them at their step', async () => {
  const receiver = await receiverThat(500, 200);
  await setPlan('acme', 'business');
  const { id: endpoint } = (await register('acme', receiver.url)).body;
  const event = await post('acme');
  const delivery = await untilRetrying(event);

  await setPlan('acme', 'free');
  expect(await call('POST', `/v1/deliveries/${delivery}/retry`)).toMatchObject({ status: 202 });
  await untilIs('held', event);
  expect((await eventOf(event.id)).deliveries).toMatchObject([
    { waitingFor: 'plan', attempts: 1, nextAttemptAt: null },
  ]);
  expect(await post('acme')).toMatchObject({ status: 'unrouted' });
  expect(await call('GET', `/v1/endpoints/${endpoint}`)).toMatchObject({ body: { status: 'active' } });
  expect(await call('POST', `/v1/deliveries/${delivery}/retry`)).toMatchObject({
    status: 409,
    body: { code: 'delivery_held' },
  });
  expect(receiver.requests).toHaveLength(1);

  await setPlan('acme', 'pro');
  await untilIs('delivered', event);
  expect((await eventOf(event.id)).deliveries).toMatchObject([{ attempts: 2, waitingFor: null }]);
  await untilIs('delivered', await post('acme'));
});

test('a consumer without a plan is on free', async () => {
  await setPlan('acme', 'pro');
  await register('acme', (await receiverThat(200)).url);
  await setPlan('acme');
  expect(await post('acme')).toMatchObject({ status: 'unrouted' });
});

test('endpoints without a consumer need no plan', async () => {
  const receiver = await receiverThat(200);
  expect(await call('POST', '/v1/endpoints', { url: receiver.url })).toMatchObject({ status: 201 });
  await untilIs('delivered', await post());
});

test('a project can override the plans of its profile and remove the override', async () => {
  const receiver = await receiverThat(200);
  await setPlan('acme', 'gold');
  expect(await call('GET', '/v1/project')).toMatchObject({ body: { plans: null } });
  expect(await register('acme', receiver.url)).toMatchObject({ status: 403 });

  expect(await call('PATCH', '/v1/project', { plans: ['gold', 'platinum'] })).toMatchObject({
    status: 200,
    body: { plans: ['gold', 'platinum'] },
  });
  expect(await register('acme', receiver.url)).toMatchObject({ status: 201 });
  await untilIs('delivered', await post('acme'));

  expect(await call('PATCH', '/v1/project', { name: 'renamed' })).toMatchObject({
    body: { plans: ['gold', 'platinum'] },
  });
  expect(await post('acme')).toMatchObject({ deliveryCount: 1 });
  expect(await call('PATCH', '/v1/project', { plans: null })).toMatchObject({ body: { plans: null } });
  expect(await post('acme')).toMatchObject({ status: 'unrouted' });

  await call('PATCH', '/v1/project', { plans: [] });
  await setPlan('acme', 'pro');
  expect(await register('acme', receiver.url)).toMatchObject({
    status: 403,
    body: { detail: 'No plan of this project includes webhooks.' },
  });
});

test('changing the profile applies its plans: open deliveries are held, and released when a later change allows them', async () => {
  await call('PATCH', '/v1/project', { profile: 'standard-webhooks' });
  const receiver = await receiverThat(500, 200);
  expect(await register('acme', receiver.url)).toMatchObject({ status: 201 });
  const event = await post('acme');
  const delivery = await untilRetrying(event);

  await call('PATCH', '/v1/project', { profile: 'cmdcal' });
  await call('POST', `/v1/deliveries/${delivery}/retry`);
  await untilIs('held', event);
  expect(await post('acme')).toMatchObject({ status: 'unrouted' });

  await call('PATCH', '/v1/project', { profile: 'standard-webhooks' });
  await untilIs('delivered', event);
});

test('a pause and a plan hold independently: deliveries are released when both end', async () => {
  const receiver = await receiverThat(200);
  await setPlan('acme', 'pro');
  const { id } = (await register('acme', receiver.url)).body;
  await call('POST', `/v1/endpoints/${id}/pause`);
  const event = await post('acme');
  await setPlan('acme', 'free');

  expect(await call('POST', `/v1/endpoints/${id}/resume`)).toMatchObject({ body: { status: 'active' } });
  expect((await eventOf(event.id)).deliveries).toMatchObject([{ status: 'held', waitingFor: 'plan' }]);
  await setPlan('acme', 'pro');
  await untilIs('delivered', event);
});

test('a target needs the same plan as an endpoint if the event names a consumer', async () => {
  const receiver = await receiverThat(200);
  const target = { url: receiver.url, secret: SECRET };
  const event = { type: failed.name, data: failed.example, consumer: 'acme', target };
  const other = { ...event, consumer: 'globex' };
  await setPlan('globex', 'pro');

  expect(await call('POST', '/v1/events', event)).toMatchObject({
    status: 403,
    body: { code: 'plan_required', errors: [{ pointer: '/target' }] },
  });
  expect(await call('POST', '/v1/events/batch', { events: [other, event] })).toMatchObject({
    status: 403,
    body: { errors: [{ pointer: '/events/1/target' }] },
  });
  expect(receiver.requests).toHaveLength(0);

  const accepted = await post('globex', { id: 'job-1', target });
  await untilIs('delivered', accepted);
  await untilIs('delivered', await post(undefined, { target }));

  await setPlan('globex', 'free');
  expect(await call('POST', '/v1/events', { ...other, id: 'job-1' })).toMatchObject({
    status: 202,
    body: { id: 'job-1', status: 'delivered' },
  });
  expect(await call('POST', '/v1/events', { ...other, id: 'job-2' })).toMatchObject({ status: 403 });
});

test('a consumer that is deleted and created again has no plan', async () => {
  const receiver = await receiverThat(200);
  await setPlan('acme', 'pro');
  await register('acme', receiver.url);
  expect(await call('DELETE', '/v1/consumers/acme')).toMatchObject({ status: 204 });
  expect(await register('acme', receiver.url)).toMatchObject({ status: 403 });
  expect(await post('acme')).toMatchObject({ status: 'unrouted' });
});

test('plans must be a list of names', async () => {
  for (const plans of [['two words'], [''], 'pro', [1]]) {
    expect(await call('PATCH', '/v1/project', { plans })).toMatchObject({ status: 422 });
  }
});
