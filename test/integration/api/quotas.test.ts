import { DEFAULT_QUOTAS, type Quotas } from '../../../src/policy/quotas.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function start(quotas: Partial<Quotas> = {}) {
  api = await startTestApi({ config: { quotas: { ...DEFAULT_QUOTAS, ...quotas } } });
  const { call, newProject } = api;
  const project = await newProject();
  const keyOf = async (consumer: string) =>
    ((await call('POST', '/v1/keys', { key: project.key, body: { consumer } })).body as { key: string }).key;
  return { call, newProject, project, keyOf };
}
const URL = 'http://127.0.0.1:9/';
const reached = (quota: string, max: number) => ({
  status: 409,
  body: { code: 'quota_exceeded', detail: `The quota ${quota}=${max} is reached.` },
});

test('concurrent calls cannot create so many endpoints of a consumer that its events are rejected', async () => {
  const { call, project, keyOf } = await start({ endpointsOfConsumer: 20 });
  const key = await keyOf('acme');
  const make = () => call('POST', '/v1/endpoints', { key, body: { url: URL } });
  const statuses = (await Promise.all(Array.from({ length: 60 }, make))).map(({ status }) => status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(20);
  expect(statuses.filter((status) => status === 409)).toHaveLength(40);
  expect(await make()).toMatchObject(reached('endpointsOfConsumer', 20));
  const webhook = await call('POST', '/v1/webhooks', { key, body: { url: URL, events: ['*'] } });
  expect(webhook).toMatchObject(reached('endpointsOfConsumer', 20));

  const posted = await call('POST', '/v1/events', {
    key: project.key,
    body: { type: 'a.b', data: {}, consumer: 'acme' },
  });
  expect(posted).toMatchObject({ status: 202, body: { deliveryCount: 20 } });

  // Other consumers have their own quota, and deleting an endpoint frees one.
  const other = await keyOf('globex');
  expect((await call('POST', '/v1/endpoints', { key: other, body: { url: URL } })).status).toBe(201);
  const { items } = (await call('GET', '/v1/endpoints', { key })).body as { items: { id: string }[] };
  for (const [i, { id }] of items.slice(0, 2).entries()) {
    const path = `/v1/endpoints/${id}`;
    const done = i === 0 ? call('DELETE', path, { key }) : call('POST', `${path}/disable`, { key });
    expect((await done).status).toBeLessThan(300);
  }
  expect((await make()).status).toBe(201);
  expect((await make()).status).toBe(409);
});

test('the default quota of endpoints per consumer is below the limit of endpoints per event', () => {
  expect(DEFAULT_QUOTAS.endpointsOfConsumer).toBeLessThan(10_000);
  expect(DEFAULT_QUOTAS.endpointsWithoutConsumer).toBeLessThanOrEqual(10_000);
});

test('the quotas of endpoints and keys apply to each project separately', async () => {
  const quotas = { endpointsWithoutConsumer: 2, endpointsOfProject: 3, keysOfConsumer: 2, keysOfProject: 4 };
  const { call, project, newProject } = await start(quotas);
  const { key } = project;
  const endpoint = (consumer?: string, of = key) =>
    call('POST', '/v1/endpoints', { key: of, body: { url: URL, ...(consumer && { consumer }) } });
  expect((await endpoint()).status).toBe(201);
  expect((await endpoint()).status).toBe(201);
  expect(await endpoint()).toMatchObject(reached('endpointsWithoutConsumer', 2));
  expect((await endpoint('acme')).status).toBe(201);
  expect(await endpoint('acme')).toMatchObject(reached('endpointsOfProject', 3));

  const newKey = (consumer: string) => call('POST', '/v1/keys', { key, body: { consumer } });
  expect((await newKey('acme')).status).toBe(201);
  expect((await newKey('acme')).status).toBe(201);
  expect(await newKey('acme')).toMatchObject(reached('keysOfConsumer', 2));
  expect((await newKey('globex')).status).toBe(201);
  expect(await newKey('initech')).toMatchObject(reached('keysOfProject', 4));
  const consumers = (await call('GET', '/v1/consumers', { key })).body as { items: { id: string }[] };
  expect(consumers.items.map(({ id }) => id).sort()).toEqual(['acme', 'globex']);

  expect((await endpoint(undefined, (await newProject()).key)).status).toBe(201);
});

test('one consumer that asks for links again and again does not use up those of the others', async () => {
  const quotas = { portalLinksPerMinute: 5, portalLinksPerMinuteOfConsumer: 2 };
  const { call, project } = await start(quotas);
  const linkOf = (consumer: string) =>
    call('POST', '/v1/portal-links', { key: project.key, body: { consumer } });
  const statuses = [];
  for (let n = 0; n < 10; n++) statuses.push((await linkOf('acme')).status);
  expect(statuses).toEqual([201, 201, ...Array(8).fill(429)]);
  expect(await linkOf('acme')).toMatchObject({
    status: 429,
    body: {
      code: 'quota_exceeded',
      detail: expect.stringContaining('portalLinksPerMinuteOfConsumer=2'),
    },
  });
  expect((await linkOf('globex')).status).toBe(201);
  expect((await linkOf('globex')).status).toBe(201);
  expect((await linkOf('initech')).status).toBe(201);
  // The project has its own limit.
  expect((await linkOf('initech')).status).toBe(429);
});

test('a caller over the calls per minute gets 429 with Retry-After', async () => {
  const rates = {
    endpointChangesPerMinuteOfConsumer: 3,
    secretRotationsPerMinute: 1,
    testEventsPerMinuteOfConsumer: 1,
    retriesPerMinuteOfConsumer: 1,
    keyChangesPerMinute: 3,
    consumerChangesPerMinute: 1,
    settingChangesPerMinute: 1,
    profileChangesPerMinute: 1,
    profilePreviewsPerMinute: 1,
    eventTypeChangesPerMinute: 1,
  };
  const { call, project, keyOf } = await start(rates);
  const { key } = project;
  const consumer = await keyOf('acme');
  const endpoint = await call('POST', '/v1/endpoints', { key: consumer, body: { url: URL } });
  const path = `/v1/endpoints/${(endpoint.body as { id: string }).id}`;
  const tested = await call('POST', `${path}/test`, { key: consumer });
  const [delivery] = (tested.body as { deliveries: { id: string }[] }).deliveries;
  const profile = { key, body: { type: 'a.b', data: {} } };

  const calls: [number, () => Promise<{ status: number; body: unknown; headers: Headers }>][] = [
    [2, () => call('POST', `${path}/pause`, { key: consumer })],
    [1, () => call('POST', `${path}/rotate-secret`, { key, body: {} })],
    [0, () => call('POST', `${path}/test`, { key: consumer })],
    [1, () => call('POST', `/v1/deliveries/${delivery!.id}/retry`, { key: consumer })],
    [2, () => call('POST', '/v1/keys', { key })],
    [1, () => call('PUT', '/v1/consumers/acme', { key, body: {} })],
    [1, () => call('PATCH', '/v1/project', { key, body: { name: 'x' } })],
    [1, () => call('POST', '/v1/profiles/standard-webhooks/preview', profile)],
    [1, () => call('PUT', '/v1/event-types/a.b', { key, body: { description: 'x' } })],
  ];
  for (const [allowed, make] of calls) {
    for (let n = 0; n < allowed; n++) expect((await make()).status).toBeLessThan(500);
    const refused = await make();
    expect(refused).toMatchObject({ status: 429, body: { code: 'quota_exceeded' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  }
});

test('a consumer key cannot enable an endpoint that the project disabled', async () => {
  const { call, project, keyOf } = await start();
  const consumer = await keyOf('acme');
  const created = await call('POST', '/v1/endpoints', { key: consumer, body: { url: URL } });
  const path = `/v1/endpoints/${(created.body as { id: string }).id}`;
  const act = async (action: string, key: string) => {
    const { status, body } = await call('POST', `${path}/${action}`, { key });
    const {
      code,
      disabledBy,
      status: state,
    } = body as { code?: string; disabledBy?: string | null; status: string };
    return status === 200 ? [state, disabledBy] : [status, code];
  };
  expect(created.body).toMatchObject({ status: 'active', disabledBy: null });
  expect(await act('disable', consumer)).toEqual(['disabled', 'consumer']);
  expect(await act('enable', consumer)).toEqual(['active', null]);

  expect(await act('disable', consumer)).toEqual(['disabled', 'consumer']);
  expect(await act('disable', project.key)).toEqual(['disabled', 'project']);
  expect(await act('disable', consumer)).toEqual(['disabled', 'project']);
  expect(await act('enable', consumer)).toEqual([403, 'endpoint_blocked']);
  expect(await act('pause', consumer)).toEqual([409, 'endpoint_disabled']);
  const changed = await call('PATCH', path, { key: consumer, body: { url: 'http://127.0.0.1:10/' } });
  expect(changed.body).toMatchObject({ status: 'disabled', disabledBy: 'project' });

  expect(await act('enable', project.key)).toEqual(['active', null]);
  expect(await act('disable', consumer)).toEqual(['disabled', 'consumer']);
});
