import { removeExcessAuditEntries } from '../../../src/store/audit/audit-retention.ts';
import { portalToken } from '../../set-up/sessions.ts';
import { SECRET } from '../../set-up/targets.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(() => api.close());

type Entry = {
  id: string;
  at: string;
  project: string | null;
  actor: { kind: string; key: string | null; consumer: string | null };
  action: string;
  subject: { type: string; id: string | null };
  fields: string[];
  status: number | null;
};
type Body = { id: string; key: string };

async function create(path: string, key: string, body: unknown): Promise<Body> {
  const { status, body: created } = await api.call('POST', path, { key, body });
  expect(status).toBe(201);
  return created as Body;
}

/** The entries that a key sees, oldest first. */
async function entriesFor(key: string, query = '', headers: Record<string, string> = {}): Promise<Entry[]> {
  const { body } = await api.call('GET', `/v1/audit${query}`, { key, headers });
  return (body as { items: Entry[] }).items.toReversed();
}

const actionsFor = async (key: string, query = '') =>
  (await entriesFor(key, query)).map(({ action }) => action);

test('each changing call has an entry that says who, what and on what, without any value', async () => {
  const { id: project, key } = await api.newProject();
  const consumerKey = await create('/v1/keys', key, { consumer: 'acme' });
  const endpoint = await create('/v1/endpoints', consumerKey.key, {
    url: 'http://127.0.0.1:9/plant-in-url',
    secret: SECRET,
    headers: { 'x-plant': 'plant-in-header' },
  });
  await api.call('PATCH', `/v1/endpoints/${endpoint.id}`, { key, body: { description: 'plant-in-text' } });
  const headers = { 'posthorn-project': project };
  await api.call('DELETE', `/v1/endpoints/${endpoint.id}`, { key: ADMIN_KEY, headers });
  await api.call('DELETE', `/v1/endpoints/${endpoint.id}`, { key });

  const subject = { type: 'endpoint', id: endpoint.id };
  const entries = await entriesFor(key);
  const consumer = { kind: 'consumer', key: consumerKey.id, consumer: 'acme' };
  const admin = { kind: 'admin', key: null, consumer: null };
  const byProject = { kind: 'project', key: expect.stringMatching(/^key_/), consumer: null };
  expect(entries).toMatchObject([
    { action: 'createKey', subject: { type: 'key', id: consumerKey.id }, fields: ['consumer'], status: 201 },
    { action: 'createEndpoint', actor: consumer, subject, fields: ['url', 'secret', 'headers'], status: 201 },
    { action: 'changeEndpoint', actor: byProject, subject, fields: ['description'], status: 200 },
    { action: 'deleteEndpoint', actor: admin, subject, fields: [], status: 204 },
    { action: 'deleteEndpoint', actor: byProject, subject, status: 404 },
  ]);
  const stored = await api.database.pool.query('SELECT to_jsonb(e)::text AS row FROM audit_entries e');
  const text = stored.rows.map(({ row }) => row).join();
  for (const value of ['plant', SECRET, key, consumerKey.key]) expect(text).not.toContain(value);
});

test('every operation that changes something is in the trail, except posts of events, previews, signing in and responses of listeners', () => {
  const documented = [
    'createPortalSession',
    'createSession',
    'deleteSession',
    'postEvent',
    'postEvents',
    'previewEventType',
    'previewProfile',
    'respondToListener',
  ];
  const unaudited = Object.values(api.document.paths)
    .flatMap((item) => Object.values(item) as { operationId: string; 'x-audited'?: boolean }[])
    .filter((operation) => operation['x-audited'] === false)
    .map(({ operationId }) => operationId);
  expect(unaudited.toSorted()).toEqual(documented);
});

test('a project sees its own entries, and the admin key without a project sees all', async () => {
  const first = await api.newProject();
  const second = await api.newProject();
  await api.call('PATCH', `/v1/projects/${first.id}`, { key: ADMIN_KEY, body: { name: 'renamed' } });
  await create('/v1/keys', second.key, {});

  expect(await actionsFor(first.key)).toEqual(['changeProject']);
  expect(await actionsFor(second.key)).toEqual(['createKey']);
  const all = await entriesFor(ADMIN_KEY);
  expect(all).toMatchObject([
    { action: 'createProject', project: null, subject: { type: 'project', id: first.id } },
    { action: 'createProject', subject: { id: second.id } },
    { action: 'changeProject', project: first.id },
    { action: 'createKey', project: second.id },
  ]);
});

test('entries are filtered by time, key, operation and subject, in pages', async () => {
  const { key } = await api.newProject();
  const other = await create('/v1/keys', key, {});
  const endpoint = await create('/v1/endpoints', key, { url: 'http://127.0.0.1:9/' });
  for (let n = 0; n < 5; n++)
    await api.call('POST', `/v1/endpoints/${endpoint.id}/pause`, { key: other.key });

  expect(await actionsFor(key, `?actor=${other.id}`)).toEqual(Array(5).fill('pauseEndpoint'));
  expect(await actionsFor(key, '?action=createEndpoint')).toEqual(['createEndpoint']);
  expect(await actionsFor(key, '?actor=admin')).toEqual([]);
  const ofEndpoint = await entriesFor(key, `?subject=${endpoint.id}`);
  expect(ofEndpoint.map(({ action }) => action)).toEqual([
    'createEndpoint',
    ...Array(5).fill('pauseEndpoint'),
  ]);
  const [first, second] = ofEndpoint;
  expect(await entriesFor(key, `?subject=${endpoint.id}&until=${second!.at}`)).toEqual([first]);
  expect(await entriesFor(key, `?since=${second!.at}`)).toEqual(ofEndpoint.slice(1));

  const paged: string[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await api.call('GET', `/v1/audit?limit=2${cursor}`, { key });
    const { items, nextCursor } = body as { items: Entry[]; nextCursor: string | null };
    expect(items.length).toBeLessThanOrEqual(2);
    paged.push(...items.map(({ id }) => id));
    if (nextCursor === null) break;
    cursor = `&cursor=${nextCursor}`;
  }
  expect(paged.toReversed()).toEqual((await entriesFor(key)).map(({ id }) => id));
});

test('a call that has not ended has an entry without a status, as after a crash', async () => {
  const started = Promise.withResolvers<void>();
  const found = Promise.withResolvers<{ kind: 'not_found' }>();
  const hanging = await startTestApi({
    deliveryCommands: {
      retry: () => {
        started.resolve();
        return found.promise;
      },
      cancel: () => Promise.reject(new Error('unused')),
      deliverTo: () => Promise.reject(new Error('unused')),
      deleteEndpoint: () => Promise.reject(new Error('unused')),
    },
  });
  const { key } = await hanging.newProject();
  const retry = hanging.call('POST', '/v1/deliveries/dlv_1/retry', { key });
  await started.promise;

  const { body } = await hanging.call('GET', '/v1/audit', { key });
  expect((body as { items: Entry[] }).items).toMatchObject([
    { action: 'retryDelivery', subject: { type: 'delivery', id: 'dlv_1' }, status: null },
  ]);
  found.resolve({ kind: 'not_found' });
  expect((await retry).status).toBe(404);
  await hanging.close();
});

test('a call changes nothing if its entry cannot be stored', async () => {
  const { key } = await api.newProject();
  await api.call('GET', '/v1/project', { key });
  await api.database.pool.query('ALTER TABLE audit_entries RENAME TO hidden');

  expect((await api.call('PATCH', '/v1/project', { key, body: { name: 'changed' } })).status).toBe(500);

  await api.database.pool.query('ALTER TABLE hidden RENAME TO audit_entries');
  expect((await api.call('GET', '/v1/project', { key })).body).toMatchObject({ name: 'test' });
});

test('refused calls have no entry', async () => {
  const { key } = await api.newProject();
  await api.call('POST', '/v1/endpoints', { key, body: { url: 1 } });
  await api.call('POST', '/v1/endpoints', { key: 'ph_wrong', body: { url: 'http://127.0.0.1:9/' } });
  await api.call('POST', '/v1/events', { key, body: { type: 'a.b', data: 1 } });

  expect(await entriesFor(key)).toEqual([]);
});

test('the sessions of one consumer displace only the entries of that consumer, also once it was erased', async () => {
  const { id: project, key } = await api.newProject();
  const admin = { key: ADMIN_KEY, headers: { 'posthorn-project': project } };
  await api.call('PATCH', '/v1/project', { ...admin, body: { name: 'by the operator' } });
  const sessionOf = async (consumer: string) => {
    const token = await portalToken(api, key, { consumer });
    const { id } = await create('/v1/endpoints', token, { url: 'http://127.0.0.1:9/' });
    return () => api.call('POST', `/v1/endpoints/${id}/pause`, { key: token });
  };
  const quiet = await sessionOf('globex');
  await quiet();
  const [first, second] = [await sessionOf('acme'), await sessionOf('acme')];
  for (let n = 0; n < 60; n++) expect([(await first()).status, (await second()).status]).toEqual([200, 200]);

  const sweep = () => removeExcessAuditEntries(api.database.pool, '', { ofProject: 1_000, ofConsumer: 100 });
  const countsByWriter = async () => {
    const counts: Record<string, number> = {};
    for (const { actor } of await entriesFor(key, '?limit=200')) {
      const writer = actor.consumer ?? actor.kind;
      counts[writer] = (counts[writer] ?? 0) + 1;
    }
    return counts;
  };
  await sweep();
  // One change by the admin key, and a link for each session by the key of the project.
  expect(await countsByWriter()).toEqual({ admin: 1, project: 3, globex: 2, acme: 100 });

  await api.call('DELETE', '/v1/consumers/acme?erase=true', { key });
  const again = await sessionOf('acme');
  for (let n = 0; n < 5; n++) await again();
  await sweep();
  expect(await countsByWriter()).toEqual({ admin: 1, project: 5, globex: 2, acme: 100 });
  expect((await entriesFor(key, '?limit=200')).at(-1)).toMatchObject({
    action: 'pauseEndpoint',
    status: 200,
  });
});
