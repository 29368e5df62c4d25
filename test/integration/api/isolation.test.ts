import { standardWebhooks } from '../../../src/profiles/shipped/standard-webhooks.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

type Json = Record<string, unknown>;

/** The ids of one tenant's resources, by the tag of the routes that accept them. */
type Ids = Record<string, string>;

let api: TestApi;
let owner: { project: string; key: string; consumerKey: string; ids: Ids };
let stranger: { key: string; consumerKey: string };
let otherConsumerKey: string;

beforeAll(async () => {
  api = await startTestApi();
  owner = await makeTenant('acme');
  const other = await makeTenant('initech');
  stranger = { key: other.key, consumerKey: other.consumerKey };
  otherConsumerKey = await newKey(owner.key, 'globex');
});
afterAll(() => api.close());

async function newKey(key: string, consumer: string): Promise<string> {
  return ((await api.call('POST', '/v1/keys', { key, body: { consumer } })).body as { key: string }).key;
}

/** Creates a project with one resource of each kind for `consumer`. */
async function makeTenant(consumer: string) {
  const { id: project, key } = await api.newProject();
  const create = async (path: string, body: unknown) =>
    ((await api.call('POST', path, { key, body })).body as { id: string }).id;
  const wire = `wire-${consumer}`;
  const profile = { ...standardWebhooks, name: wire, title: `canary of ${consumer}` };
  await api.call('PUT', `/v1/profiles/${wire}`, { key, body: profile });
  const ids: Ids = {
    Profiles: wire,
    Projects: project,
    Keys: await create('/v1/keys', { consumer }),
    Consumers: consumer,
    Endpoints: await create('/v1/endpoints', { url: 'http://127.0.0.1:9/', consumer }),
    Events: await create('/v1/events', {
      type: 'canary',
      data: 'canary',
      consumer,
      id: `event-of-${consumer}`,
    }),
  };
  ids.Webhooks = ids.Endpoints!;
  ids.Listeners = await create('/v1/listeners', { consumer });
  ids['Portal links'] = await create('/v1/portal-links', { consumer });
  ids['Operational endpoints'] = await create('/v1/operational-endpoints', { url: 'http://127.0.0.1:9/' });
  await create('/v1/events', { type: 'canary', data: 'canary', id: `gone-${project}` });
  const erasure = await api.call('DELETE', `/v1/events/gone-${project}`, { key });
  ids.Erasures = (erasure.body as { id: string }).id;
  const trail = (await api.call('GET', '/v1/audit', { key })).body as { items: Json[] };
  ids.Audit = trail.items[0]!.id as string;
  const ownType = { key, body: { description: `canary of ${consumer}` } };
  const { body: type } = await api.call('PUT', `/v1/event-types/order.${consumer}`, ownType);
  ids['Event types'] = (type as { type: string }).type;
  const deliveries = (await api.call('GET', '/v1/deliveries', { key })).body as { items: Json[] };
  ids.Deliveries = deliveries.items[0]!.id as string;
  ids.Failures = ids.Deliveries;
  const body = { deliveries: [ids.Deliveries] };
  const jobKey = await newKey(key, consumer);
  for (const [tag, path] of Object.entries({
    Recoveries: '/v1/recoveries',
    Cancellations: '/v1/cancellations',
  }))
    ids[tag] = ((await api.call('POST', path, { key: jobKey, body })).body as { id: string }).id;
  return { project, key, consumerKey: await newKey(key, consumer), ids };
}

/** A body that the route accepts from the owner. */
const BODIES: Record<string, unknown> = {
  changeProject: { name: 'stolen' },
  putConsumer: { name: 'stolen' },
  putEventType: { description: 'stolen' },
  changeEndpoint: { description: 'stolen' },
  changeOperationalEndpoint: { types: ['endpoint.failing'] },
  rotateSecret: { overlap: '0s' },
  testEndpoint: {},
  createDelivery: { endpoint: 'ep_unknown' },
  respondToListener: { delivery: 'dlv_unknown', attempt: 1, status: 200 },
  putProfile: { ...standardWebhooks, name: 'wire-acme', title: 'stolen' },
  previewProfile: { type: 'stolen', data: 1 },
  previewEventType: { data: 1 },
};

/** The parameter of a path: `{id}`, `{name}`. */
const ID = /\{\w+\}/;

type Route = { method: string; path: string; access: string; operationId: string; tag: string };

function routes(): Route[] {
  return Object.entries(api.document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const described = operation as unknown as { 'x-access': string; operationId: string; tags: string[] };
      const { 'x-access': access, operationId, tags } = described;
      return { method: method.toUpperCase(), path, access, operationId, tag: tags[0]! };
    }),
  );
}

/** All rows of the owner in the database. */
async function stateOfOwner(): Promise<string> {
  const tables = [
    'api_keys',
    'consumers',
    'endpoints',
    'event_types',
    'events',
    'deliveries',
    'outcomes',
    'listeners',
  ];
  const columns = {
    projects: 'id',
    profiles: 'scope',
    ...Object.fromEntries(tables.map((t) => [t, 'project_id'])),
  };
  const states = Object.entries(columns).map(async ([table, column]) => {
    const { rows } = await api.database.pool.query(
      `SELECT (to_jsonb(t) - 'last_used_at')::text AS row FROM ${table} t WHERE ${column} = $1 ORDER BY 1`,
      [owner.project],
    );
    return rows.map(({ row }) => row);
  });
  return JSON.stringify(await Promise.all(states));
}

const withIds = (): Route[] => routes().filter(({ path }) => ID.test(path));
/** PUT routes whose id the tenant chooses; another tenant with the same id gets its own resource. */
const NAMED_ALIKE = ['Consumers', 'Event types', 'Profiles'];

test('no route with an id reads or changes a resource of another project', async () => {
  const before = await stateOfOwner();
  for (const { method, path, operationId, tag, access } of withIds()) {
    const id = owner.ids[tag];
    if (!id) throw new Error(`this test has no id for ${path}: add one`);
    for (const key of [stranger.key, stranger.consumerKey]) {
      const { status, text } = await api.call(method, path.replace(ID, id), {
        key,
        body: BODIES[operationId],
      });
      const isWrongKind = access === 'admin' || (access !== 'consumer' && key === stranger.consumerKey);
      const found = NAMED_ALIKE.includes(tag) ? [200, 204, 404] : [404];
      const expected = isWrongKind ? [403] : found;
      expect({ method, path, isExpected: expected.includes(status), status }).toMatchObject({
        isExpected: true,
      });
      expect(text).not.toContain('canary');
    }
  }
  expect(await stateOfOwner()).toBe(before);
});

test('no route with an id reads or changes a resource of another consumer', async () => {
  const before = await stateOfOwner();
  for (const { method, path, operationId, tag, access } of withIds()) {
    const options = { key: otherConsumerKey, body: BODIES[operationId] };
    const { status, text } = await api.call(method, path.replace(ID, owner.ids[tag]!), options);
    // All consumers of a project can read its catalogue.
    const ofConsumer = tag === 'Event types' ? 200 : 404;
    expect({ method, path, status }).toEqual({
      method,
      path,
      status: access === 'consumer' ? ofConsumer : 403,
    });
    if (tag !== 'Event types') expect(text).not.toContain('canary');
  }
  expect(await stateOfOwner()).toBe(before);
});

test('no list contains resources of another project or consumer', async () => {
  const lists = routes().filter(
    ({ method, operationId }) => method === 'GET' && operationId.startsWith('list'),
  );
  expect(lists.length).toBeGreaterThanOrEqual(6);
  for (const { path, tag } of lists.filter((route) => !ID.test(route.path))) {
    // All consumers of a project can read its catalogue.
    const others = tag === 'Event types' ? [] : [otherConsumerKey];
    for (const key of [stranger.key, stranger.consumerKey, ...others]) {
      const { text } = await api.call('GET', path, { key });
      if (!NAMED_ALIKE.includes(tag)) expect(text).not.toContain(owner.ids[tag]);
      expect(text).not.toContain('canary of acme');
    }
  }
});

test('a filter that names a resource of another tenant finds nothing', async () => {
  const { Endpoints, Events } = owner.ids;
  const paths = [
    `/v1/events?endpoint=${Endpoints}`,
    `/v1/deliveries?endpoint=${Endpoints}`,
    `/v1/deliveries?event=${Events}`,
  ];
  for (const path of paths) {
    for (const key of [stranger.key, stranger.consumerKey, otherConsumerKey]) {
      expect((await api.call('GET', path, { key })).body).toMatchObject({ items: [] });
    }
  }
  const byName = await api.call('GET', '/v1/events?consumer=acme', { key: otherConsumerKey });
  expect(byName.body).toMatchObject({ items: [] });
});

test('every route rejects calls without a key, and keys of the kinds that it does not allow', async () => {
  const before = await stateOfOwner();
  for (const { method, path, access, tag, operationId } of routes()) {
    if (access === 'open') continue;
    const address = path.replace(ID, owner.ids[tag] ?? '');
    const statusFor = async (key?: string) =>
      (await api.call(method, address, { ...(key ? { key } : {}), body: BODIES[operationId] })).status;
    expect({ path, status: await statusFor() }).toEqual({ path, status: 401 });
    if (access !== 'consumer' && access !== 'any')
      expect({ path, status: await statusFor(owner.consumerKey) }).toEqual({ path, status: 403 });
    if (access === 'admin')
      expect({ path, status: await statusFor(owner.key) }).toEqual({ path, status: 403 });
    if (['project', 'consumer'].includes(access))
      expect({ path, status: await statusFor(ADMIN_KEY) }).toEqual({ path, status: 400 });
  }
  expect(await stateOfOwner()).toBe(before);
});

test('a consumer key manages only its own resources and cannot name another consumer', async () => {
  const { ids, consumerKey: key } = owner;
  for (const path of [
    `/v1/events/${ids.Events}`,
    `/v1/endpoints/${ids.Endpoints}`,
    `/v1/deliveries/${ids.Deliveries}`,
  ]) {
    expect((await api.call('GET', path, { key })).status).toBe(200);
  }
  const url = 'http://127.0.0.1:9/';
  const own = await api.call('POST', '/v1/endpoints', { key, body: { url } });
  expect(own.body).toMatchObject({ consumer: 'acme' });
  const others = await api.call('POST', '/v1/endpoints', { key, body: { url, consumer: 'globex' } });
  expect(others.status).toBe(403);
});
