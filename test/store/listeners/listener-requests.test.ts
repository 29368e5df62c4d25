import { DEFAULT_QUOTAS } from '../../../src/policy/quotas.ts';
import { removeSettledEvents } from '../../../src/store/events/retention.ts';
import { connectListener, renewConnections } from '../../../src/store/listeners/connections.ts';
import {
  endRequest,
  MAX_UNDER_WAY,
  removeOldRequests,
  type StoredRequest,
  storeRequest,
  storeResponse,
  takeRequest,
  takeResponses,
} from '../../../src/store/listeners/listener-requests.ts';
import { registerListener } from '../../../src/store/listeners/listeners.ts';
import { newId } from '../../../src/store/postgres/ids.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

/** A listener with a stream. */
async function newListener(project = store.project, consumer: string | null = null) {
  const id = newId('ep', Date.now());
  const endpoint = { id, projectId: project, consumer, url: `listener:${id.slice(-8)}`, events: ['*'] };
  const sealed = { description: null, headers: null, secrets: Buffer.from('sealed') };
  await registerListener(store.pool, { ...endpoint, ...sealed }, { keyHash: null, quotas: DEFAULT_QUOTAS });
  const scope = { projectId: project, consumer: null };
  const connection = { listenerId: id, connection: 'first' };
  expect(await connectListener(store.pool, scope, connection, '0')).toBe(true);
  return { id, scope, connection };
}

let deliveries = 0;
const requestTo = (listenerId: string, changes: Partial<StoredRequest> = {}): StoredRequest => ({
  projectId: store.project,
  listenerId,
  eventId: 'evt_1',
  type: 'a.b',
  deliveryId: `dlv_${++deliveries}`,
  attempt: 1,
  url: 'listener:test',
  headers: Buffer.from('sealed'),
  body: Buffer.from('{}'),
  timeoutMs: 60_000,
  ...changes,
});

const kindOf = async (request: StoredRequest) => (await storeRequest(store.pool, request)).kind;
const OK = { status: 200, headers: {}, body: '', truncated: false, durationMs: null };

test('a listener has at most 32 requests under way, and one with a response counts no more', async () => {
  const { id, scope } = await newListener();
  const first = requestTo(id);
  expect(await kindOf(first)).toBe('stored');
  for (let n = 1; n < MAX_UNDER_WAY; n++) expect(await kindOf(requestTo(id))).toBe('stored');
  expect(await kindOf(requestTo(id))).toBe('full');
  expect(await kindOf(requestTo((await newListener()).id))).toBe('stored');

  await storeResponse(store.pool, scope, id, { deliveryId: first.deliveryId, attempt: 1 }, OK);

  expect(await kindOf(requestTo(id))).toBe('stored');
});

test('the listeners of a project have 32 MiB under way, those of its consumers others, and so have other projects', async () => {
  const large = { body: Buffer.alloc(20 * 1024 * 1024) };
  const [one, two] = [await newListener(), await newListener()];
  expect(await kindOf(requestTo(one.id, large))).toBe('stored');
  expect(await kindOf(requestTo(two.id, large))).toBe('full');
  expect(await kindOf(requestTo(two.id))).toBe('stored');
  const acme = await newListener(store.project, 'acme');
  expect(await kindOf(requestTo(acme.id, large))).toBe('stored');

  const project = await store.newProject();
  const other = await newListener(project);
  expect(await kindOf(requestTo(other.id, { ...large, projectId: project }))).toBe('stored');
});

test('a consumer has 4 MiB under way, and one that has nothing under way always gets a request', async () => {
  const bytes = (mebibytes: number) => ({ body: Buffer.alloc(mebibytes * 1024 * 1024) });
  const own = await newListener();
  const acme = [await newListener(store.project, 'acme'), await newListener(store.project, 'acme')] as const;
  expect(await kindOf(requestTo(acme[0].id, bytes(3)))).toBe('stored');
  expect(await kindOf(requestTo(acme[1].id, bytes(2)))).toBe('full');
  expect(await kindOf(requestTo(acme[1].id, bytes(1)))).toBe('stored');

  const globex = await newListener(store.project, 'globex');
  expect(await kindOf(requestTo(globex.id, bytes(30)))).toBe('stored');
  const initech = await newListener(store.project, 'initech');
  expect(await kindOf(requestTo(initech.id, bytes(1)))).toBe('stored');
  expect(await kindOf(requestTo(initech.id, bytes(1)))).toBe('full');
  expect(await kindOf(requestTo(own.id, bytes(30)))).toBe('stored');
});

test('the listeners of consumers do not use up the quota of the project itself', async () => {
  const register = (consumer: string | null) => {
    const id = newId('ep', Date.now());
    const endpoint = { id, projectId: store.project, consumer, url: `listener:${id}`, events: ['*'] };
    const sealed = { description: null, headers: null, secrets: Buffer.from('sealed') };
    const quotas = { ...DEFAULT_QUOTAS, listenersOfProject: 2, listenersOfConsumer: 1 };
    return registerListener(store.pool, { ...endpoint, ...sealed }, { keyHash: null, quotas });
  };
  for (const consumer of ['acme', 'globex']) await register(consumer);
  await expect(register('initech')).rejects.toMatchObject({ quota: 'listenersOfProject' });

  expect(await register(null)).toMatchObject({ kind: 'created' });
});

test('a request is sent once on a stream; the next stream sends again what came after its last and has no response', async () => {
  const { id, scope, connection } = await newListener();
  const requests = [requestTo(id), requestTo(id), requestTo(id)];
  for (const request of requests) await storeRequest(store.pool, request);
  const take = (name: string) => takeRequest(store.pool, id, name);
  const [first, second, third] = [await take('first'), await take('first'), await take('first')];
  expect(await take('first')).toBeUndefined();
  const sent = [first, second, third].map((request) => request!.deliveryId);
  expect(sent).toEqual(requests.map(({ deliveryId }) => deliveryId));
  const respond = (deliveryId: string) =>
    storeResponse(store.pool, scope, id, { deliveryId, attempt: 1 }, OK);
  await respond(third!.deliveryId);

  await connectListener(store.pool, scope, { listenerId: id, connection: 'second' }, first!.sentAs);

  expect(await take('first')).toBeUndefined();
  expect(await take('second')).toMatchObject({ deliveryId: second!.deliveryId });
  expect(await take('second')).toBeUndefined();
  expect(await renewConnections(store.pool, [connection, { listenerId: id, connection: 'second' }])).toEqual(
    new Set(['second']),
  );
});

test('a response is taken once, ends the request, and holds no payload any more', async () => {
  const { id, scope } = await newListener();
  const stored = await storeRequest(store.pool, requestTo(id, { deliveryId: 'dlv_x' }));
  const requestId = stored.kind === 'stored' ? stored.id : '';
  expect(await takeResponses(store.pool, [requestId])).toEqual(new Map());
  const respond = (projectId = store.project, consumer: string | null = null) =>
    storeResponse(store.pool, { ...scope, projectId, consumer }, id, { deliveryId: 'dlv_x', attempt: 1 }, OK);

  expect(await respond(await store.newProject())).toEqual({ kind: 'not_found' });
  expect(await respond(store.project, 'acme')).toEqual({ kind: 'not_found' });
  expect(await respond()).toEqual({ kind: 'stored', id: requestId });
  expect(await respond()).toEqual({ kind: 'too_late' });
  expect(await store.queryOne('SELECT headers, body FROM listener_requests')).toEqual({
    headers: null,
    body: null,
  });
  expect(await takeResponses(store.pool, [requestId])).toEqual(new Map([[requestId, OK]]));
  expect(await takeResponses(store.pool, [requestId])).toEqual(new Map());
});

test('without a stream nothing is stored, and at its end a request says whether it was sent', async () => {
  const { id } = await newListener();
  const stored = await storeRequest(store.pool, requestTo(id));
  const requestId = stored.kind === 'stored' ? stored.id : '';
  await store.pool.query('UPDATE listeners SET connected_until = now()');
  expect(await kindOf(requestTo(id))).toBe('offline');
  expect(await endRequest(store.pool, requestId)).toEqual({ response: null, sent: false });
});

test('what a killed worker has left is removed after its attempt, and with its event', async () => {
  const { id } = await newListener();
  const { event } = await store.acceptEvent(null);
  await storeRequest(store.pool, requestTo(id, { eventId: event }));
  await storeRequest(store.pool, requestTo(id));
  expect(await removeOldRequests(store.pool)).toBe(0);

  await store.pool.query('UPDATE events SET open_count = 0, settled_at = created_at');
  await removeSettledEvents(store.pool, store.project, new Date(Date.now() + 60_000));
  expect(await store.queryOne('SELECT count(*)::int AS n FROM listener_requests')).toEqual({ n: 1 });

  await store.pool.query(`UPDATE listener_requests SET ends_at = now() - interval '1 minute'`);
  expect(await removeOldRequests(store.pool)).toBe(1);
});
