import { DEFAULT_QUOTAS } from '../../../src/policy/quotas.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

type Json = Record<string, unknown>;
type Answer = { status: number; text: string; body: Json & { errors: { pointer: string }[] } };

let api: TestApi;
let project: { id: string; key: string };
beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(async () => {
  project = await api.newProject();
});
afterAll(() => api.close());

const call = async (method: string, path: string, body?: unknown, key = project.key): Promise<Answer> =>
  (await api.call(method, path, { key, body })) as unknown as Answer;
const register = (changes: Json = {}, key = project.key): Promise<Answer> =>
  call('POST', '/v1/endpoints', { url: 'https://example.com/a', uid: 'crm', ...changes }, key);
const keyOf = async (consumer: string): Promise<string> =>
  (await call('POST', '/v1/keys', { consumer })).body.key as string;
const pointers = ({ body }: Answer): string[] => body.errors.map(({ pointer }) => pointer);

test('registering the same uid again returns the endpoint without its secret, and an event has one delivery', async () => {
  const headers = { 'x-b': '1', 'x-a': '2' };
  const first = await register({ events: ['a.*', 'b'], headers, description: 'ours' });
  const again = await register({
    events: ['b', 'a.*'],
    headers: { 'x-a': '2', 'x-b': '1' },
    description: 'ours',
  });

  const { secret, ...endpoint } = first.body;
  expect(first.status).toBe(201);
  expect(secret).toMatch(/^whsec_/);
  expect(again).toMatchObject({ status: 200, body: endpoint });
  expect(again.text).not.toContain('whsec_');
  const event = await call('POST', '/v1/events', { type: 'a.x', data: 1 });
  expect(event.body.deliveryCount).toBe(1);
});

test('another endpoint with the same uid is refused, with a pointer to each member that differs', async () => {
  const { id } = (await register()).body;
  const changed = { url: 'https://example.com/b', events: ['a'], description: 'x', headers: { 'x-a': '1' } };
  const refused = await register({ ...changed, secret: `whsec_${Buffer.alloc(24, 1).toString('base64')}` });

  expect(refused).toMatchObject({ status: 409, body: { code: 'uid_conflict' } });
  expect(pointers(refused)).toEqual(['/url', '/events', '/description', '/headers', '/secret']);
  expect(refused.text).toContain(id);
  expect((await call('GET', '/v1/endpoints')).body.items).toHaveLength(1);
});

test('a provided secret is compared with the newest secret of the endpoint', async () => {
  const [old, next] = [1, 2].map((byte) => `whsec_${Buffer.alloc(24, byte).toString('base64')}`);
  const { id } = (await register({ secret: old })).body;
  expect((await register({ secret: old })).status).toBe(200);
  await call('POST', `/v1/endpoints/${id}/rotate-secret`, { secret: next });
  expect((await register({ secret: next })).status).toBe(200);
  expect(pointers(await register({ secret: old }))).toEqual(['/secret']);
});

test('of concurrent registrations with the same uid one creates the endpoint, and the others return it', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => register()));
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(11).fill(200), 201]);
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
});

test('each consumer has its own uids, whichever key registers the endpoint', async () => {
  const own = await keyOf('c1');
  const first = await register({}, own);
  expect(first.status).toBe(201);
  expect(await register({ consumer: 'c1' })).toMatchObject({ status: 200, body: { id: first.body.id } });
  expect((await register({}, await keyOf('c2'))).status).toBe(201);
  expect((await register()).status).toBe(201);
});

test('a deleted endpoint frees its uid', async () => {
  const first = await register();
  await call('DELETE', `/v1/endpoints/${first.body.id}`);
  const second = await register({ url: 'https://example.com/b' });
  expect(second.status).toBe(201);
  expect(second.body.id).not.toBe(first.body.id);
});

test('an endpoint can get, change and lose its uid, but not take that of another', async () => {
  await register();
  const { id } = (await call('POST', '/v1/endpoints', { url: 'https://example.com/b' })).body;
  const setUid = (uid: string | null) => call('PATCH', `/v1/endpoints/${id}`, { uid });

  expect(await setUid('crm')).toMatchObject({ status: 409, body: { code: 'uid_conflict' } });
  expect(await setUid('erp')).toMatchObject({ status: 200, body: { uid: 'erp' } });
  expect((await call('PATCH', `/v1/endpoints/${id}`, { description: 'x' })).body.uid).toBe('erp');
  expect((await register({ uid: 'erp', url: 'https://example.com/b', description: 'x' })).status).toBe(200);
  expect(await setUid(null)).toMatchObject({ status: 200, body: { uid: null } });
  expect((await register({ uid: 'erp' })).status).toBe(201);
});

test('a repeated registration is found although the quota is used up', async () => {
  const full = await startTestApi({ config: { quotas: { ...DEFAULT_QUOTAS, endpointsOfProject: 1 } } });
  const { key } = await full.newProject();
  const post = (uid: string) =>
    full.call('POST', '/v1/endpoints', { key, body: { url: 'https://example.com/a', uid } });
  expect((await post('crm')).status).toBe(201);
  expect((await post('crm')).status).toBe(200);
  expect((await post('erp')).status).toBe(409);
  await full.close();
});
