import { CAPABILITIES } from '../../../src/policy/capabilities.ts';
import { type Caller, callerWith, cookieOf, portalToken, signIn } from '../../set-up/sessions.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

type Route = { method: string; path: string; access: string; needs: string | undefined; operationId: string };
const routes = (): Route[] =>
  Object.entries(api.document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const described = operation as unknown as {
        'x-access': string;
        'x-needs'?: string;
        operationId: string;
      };
      const { 'x-access': access, 'x-needs': needs, operationId } = described;
      return { method: method.toUpperCase(), path, access, needs, operationId };
    }),
  );

/** What a session of the portal needs for each call of a consumer that is no GET. A call that is missing here must be decided. */
const NEEDS: Record<string, string> = {
  createEndpoint: 'endpoints',
  changeEndpoint: 'endpoints',
  deleteEndpoint: 'endpoints',
  pauseEndpoint: 'endpoints',
  resumeEndpoint: 'endpoints',
  disableEndpoint: 'endpoints',
  enableEndpoint: 'endpoints',
  createWebhook: 'endpoints',
  deleteWebhook: 'endpoints',
  createListener: 'endpoints',
  deleteListener: 'endpoints',
  respondToListener: 'endpoints',
  rotateSecret: 'secrets',
  previewFilter: 'payloads',
  previewEventType: 'view',
  testEndpoint: 'test',
  retryDelivery: 'retry',
  cancelDelivery: 'retry',
  createDelivery: 'retry',
  createRecovery: 'retry',
  pauseRecovery: 'retry',
  resumeRecovery: 'retry',
  cancelRecovery: 'retry',
  createCancellation: 'retry',
  stopCancellation: 'retry',
  deleteSession: 'view',
};

test('every call of a consumer that is no GET says which capability it takes', () => {
  const found = routes().filter(
    ({ method, access }) => method !== 'GET' && ['consumer', 'any'].includes(access),
  );
  expect(Object.fromEntries(found.map(({ operationId, needs }) => [operationId, needs]))).toEqual(NEEDS);
});

type Kind = 'admin' | 'project' | 'consumer';
type Tried = {
  name: string;
  call: Caller;
  kind: Kind;
  access: 'full' | 'read';
  /** Null for what is no session of the portal. */
  capabilities: string[] | null;
};

const KINDS: Record<string, Kind[]> = {
  admin: ['admin'],
  shared: ['admin', 'project'],
  project: ['admin', 'project'],
  consumer: ['admin', 'project', 'consumer'],
  any: ['admin', 'project', 'consumer'],
};

/** A GET that takes the requests of a listener from another client, so it is refused as a change is. */
const TAKES_OVER = 'streamListenerRequests';

/** The code with which a call is refused; null if its caller may make it. */
function refusalOf({ method, access, operationId }: Route, caller: Tried): string | null {
  const changes = method !== 'GET' || operationId === TAKES_OVER;
  if (changes && caller.access === 'read' && operationId !== 'deleteSession') return 'read_only';
  if (!KINDS[access]!.includes(caller.kind)) return 'forbidden';
  if (caller.capabilities === null || !changes) return null;
  const needed = operationId === TAKES_OVER ? 'endpoints' : NEEDS[operationId];
  if (needed === undefined) return 'forbidden';
  return caller.capabilities.includes(needed) ? null : 'capability_missing';
}

async function everyCaller(): Promise<Tried[]> {
  const { id, key } = await api.newProject();
  const headers = { 'posthorn-project': id };
  const newKey = async (body: object): Promise<string> =>
    ((await api.call('POST', '/v1/keys', { key, body })).body as { key: string }).key;
  const withKey =
    (text: string, more: Record<string, string> = {}): Caller =>
    (method, path, options = {}) =>
      api.call(method, path, { ...options, key: text, headers: more });
  const withCookie = async (body: object): Promise<Caller> =>
    callerWith(api, cookieOf(await signIn(api, body)));
  const inProject =
    (call: Caller): Caller =>
    (method, path, options = {}) =>
      call(method, path, { ...options, headers });

  const readKey = await newKey({ access: 'read' });
  const consumerKey = await newKey({ consumer: 'acme' });
  const readConsumerKey = await newKey({ consumer: 'acme', access: 'read' });
  const full = { access: 'full', capabilities: null } as const;
  const read = { access: 'read', capabilities: null } as const;
  const operators: Tried[] = [
    { name: 'admin key', call: withKey(ADMIN_KEY, headers), kind: 'admin', ...full },
    { name: 'project key', call: withKey(key), kind: 'project', ...full },
    { name: 'project key that reads', call: withKey(readKey), kind: 'project', ...read },
    { name: 'consumer key', call: withKey(consumerKey), kind: 'consumer', ...full },
    { name: 'consumer key that reads', call: withKey(readConsumerKey), kind: 'consumer', ...read },
    { name: 'admin session', call: inProject(await withCookie({ key: ADMIN_KEY })), kind: 'admin', ...full },
    {
      name: 'admin session that reads',
      call: inProject(await withCookie({ key: ADMIN_KEY, readOnly: true })),
      kind: 'admin',
      ...read,
    },
    { name: 'project session', call: await withCookie({ key }), kind: 'project', ...full },
    {
      name: 'session of a key that reads',
      call: await withCookie({ key: readKey }),
      kind: 'project',
      ...read,
    },
  ];
  const sets = [[...CAPABILITIES], ...CAPABILITIES.map((name) => [name])];
  const portals = sets.map(async (wanted): Promise<Tried> => {
    const token = await portalToken(api, key, { consumer: 'acme', capabilities: wanted });
    const capabilities = [...new Set(['view', ...wanted])];
    return { name: `portal ${wanted}`, call: withKey(token), kind: 'consumer', access: 'full', capabilities };
  });
  return [...operators, ...(await Promise.all(portals))];
}

const REFUSALS = ['unauthorized', 'forbidden', 'read_only', 'capability_missing', 'csrf_refused'];

test('each route lets in exactly the keys, sessions and capabilities that it should', async () => {
  const callers = await everyCaller();
  expect(callers).toHaveLength(16);
  const wrong: string[] = [];
  for (const route of routes().filter(({ access }) => access !== 'open')) {
    const { method, path, operationId } = route;
    const address = path.replaceAll(/\{\w+\}/g, 'x');
    const options = method === 'GET' ? {} : { body: {} };
    const anonymous = await api.call(method, address, options);
    if (anonymous.status !== 401) wrong.push(`${operationId}: ${anonymous.status} without a key`);
    if (operationId === 'deleteSession') continue; // it would end the sessions of this test
    const tried = callers.map(async (caller) => {
      const { body } = await caller.call(method, address, options);
      const { code } = (body ?? {}) as { code?: string };
      const refusal = code !== undefined && REFUSALS.includes(code) ? code : null;
      const expected = refusalOf(route, caller);
      if (refusal !== expected) wrong.push(`${operationId} by ${caller.name}: ${refusal}, not ${expected}`);
    });
    await Promise.all(tried);
  }
  expect(wrong).toEqual([]);
});

test('every session and key may sign out', async () => {
  for (const { name, call } of await everyCaller())
    expect({ name, status: (await call('DELETE', '/v1/session')).status }).toEqual({ name, status: 204 });
});
