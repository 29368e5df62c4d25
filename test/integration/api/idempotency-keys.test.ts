import { DEFAULT_QUOTAS } from '../../../src/policy/quotas.ts';
import { removeOldIdempotencyKeys } from '../../../src/store/projects/create-once.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

type Json = Record<string, unknown>;
type Answer = { status: number; text: string; body: Json };

let api: TestApi;
let project: { id: string; key: string };
beforeAll(async () => {
  api = await startTestApi({
    config: { quotas: { ...DEFAULT_QUOTAS, idempotencyKeysOfProject: 4, idempotencyKeysOfConsumer: 2 } },
  });
});
beforeEach(async () => {
  project = await api.newProject();
});
afterAll(() => api.close());

const post = async (path: string, idempotencyKey: string, body: Json, key = project.key): Promise<Answer> =>
  (await api.call('POST', path, {
    key,
    body,
    headers: { 'idempotency-key': idempotencyKey, 'posthorn-project': project.id },
  })) as unknown as Answer;
const keyOf = async (consumer: string): Promise<{ id: string; key: string }> =>
  (await api.call('POST', '/v1/keys', { key: project.key, body: { consumer } })).body as {
    id: string;
    key: string;
  };
const idsAt = async (path: string): Promise<unknown[]> =>
  ((await api.call('GET', path, { key: project.key })).body as { items: Json[] }).items.map(({ id }) => id);

const ENDPOINT = { url: 'https://example.com/a', headers: { 'x-b': '1', 'x-a': '2' } };
const WEBHOOK = { url: 'https://example.com/a', events: ['*'] };

test.each([
  ['/v1/endpoints', ENDPOINT],
  ['/v1/webhooks', WEBHOOK],
  ['/v1/keys', { consumer: 'c1' }],
])(
  'the same call of %s with the same key returns the first response, with its secret',
  async (path, body) => {
    const before = await idsAt(path);
    const first = await post(path, 'reg-1', body);
    const again = await post(path, 'reg-1', body);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.text).toBe(first.text);
    expect(first.body.secret ?? first.body.key).toMatch(/^(whsec|phc)_/);
    expect(await idsAt(path)).toEqual([first.body.id, ...before]);
  },
);

test('the order of members does not matter, another body or another path is refused', async () => {
  const first = await post('/v1/endpoints', 'reg-1', ENDPOINT);
  const reordered = { headers: { 'x-a': '2', 'x-b': '1' }, url: ENDPOINT.url };
  expect((await post('/v1/endpoints', 'reg-1', reordered)).body.id).toBe(first.body.id);
  const refused = { status: 409, body: { code: 'idempotency_key_reused' } };
  expect(await post('/v1/endpoints', 'reg-1', { ...ENDPOINT, events: ['a'] })).toMatchObject(refused);
  expect(await post('/v1/webhooks', 'reg-1', WEBHOOK)).toMatchObject(refused);
  expect(await idsAt('/v1/endpoints')).toEqual([first.body.id]);
});

test('of concurrent calls with the same key one creates an endpoint, and all return it', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => post('/v1/endpoints', 'reg-1', ENDPOINT)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(11).fill(200), 201]);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
});

test('calls of different paths with the same key at the same time create one thing', async () => {
  const answers = await Promise.all([
    post('/v1/endpoints', 'reg-1', ENDPOINT),
    post('/v1/keys', 'reg-1', { consumer: 'c1' }),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
});

test('a call that was refused may be repeated once it is allowed', async () => {
  await api.call('PATCH', '/v1/project', { key: project.key, body: { plans: ['pro'] } });
  const body = { ...ENDPOINT, consumer: 'c1' };
  expect((await post('/v1/endpoints', 'reg-1', body)).status).toBe(403);
  await api.call('PUT', '/v1/consumers/c1', { key: project.key, body: { plan: 'pro' } });
  expect((await post('/v1/endpoints', 'reg-1', body)).status).toBe(201);
});

test('each consumer has its own keys, and the admin key shares those of the project', async () => {
  const first = await post('/v1/endpoints', 'reg-1', ENDPOINT);
  const ofConsumer = await post('/v1/endpoints', 'reg-1', ENDPOINT, (await keyOf('c1')).key);
  const ofOther = await post('/v1/endpoints', 'reg-1', ENDPOINT, (await keyOf('c2')).key);
  const ofAdmin = await post('/v1/endpoints', 'reg-1', ENDPOINT, ADMIN_KEY);
  expect([ofConsumer.status, ofOther.status, ofAdmin.status]).toEqual([201, 201, 200]);
  expect(ofAdmin.text).toBe(first.text);
  expect(new Set([first, ofConsumer, ofOther].map(({ body }) => body.id)).size).toBe(3);
});

test('a consumer that is created again cannot repeat the calls of the one that was deleted', async () => {
  const first = await post('/v1/endpoints', 'reg-1', ENDPOINT, (await keyOf('c1')).key);
  expect((await api.call('DELETE', '/v1/consumers/c1', { key: project.key })).status).toBe(204);
  const second = await post('/v1/endpoints', 'reg-1', ENDPOINT, (await keyOf('c1')).key);
  expect(second.status).toBe(201);
  expect(second.body.id).not.toBe(first.body.id);
});

test('a key is forgotten after 24 hours', async () => {
  const first = await post('/v1/endpoints', 'reg-1', ENDPOINT);
  await post('/v1/endpoints', 'reg-2', ENDPOINT);
  await post('/v1/endpoints', 'reg-3', ENDPOINT);
  const age = (interval: string) =>
    api.database.pool.query(
      `UPDATE idempotency_keys SET created_at = now() - $1::interval WHERE project_id = $2`,
      [interval, project.id],
    );
  await age('23 hours 59 minutes');
  expect(await removeOldIdempotencyKeys(api.database.pool)).toBe(0);
  expect((await post('/v1/endpoints', 'reg-1', ENDPOINT)).status).toBe(200);
  await age('24 hours 1 second');
  const second = await post('/v1/endpoints', 'reg-1', { ...ENDPOINT, events: ['a'] });
  expect(second.status).toBe(201);
  expect(second.body.id).not.toBe(first.body.id);
  expect(await removeOldIdempotencyKeys(api.database.pool)).toBe(2);
  expect((await post('/v1/endpoints', 'reg-1', { ...ENDPOINT, events: ['a'] })).text).toBe(second.text);
});

test('a consumer and a project can have so many keys, and calls with known ones still work', async () => {
  const { key } = await keyOf('c1');
  for (const name of ['a', 'b']) await post('/v1/endpoints', name, ENDPOINT, key);
  const refused = { status: 409, body: { code: 'quota_exceeded' } };
  expect(await post('/v1/endpoints', 'c', ENDPOINT, key)).toMatchObject(refused);
  expect((await post('/v1/endpoints', 'a', ENDPOINT, key)).status).toBe(200);
  for (const name of ['a', 'b']) await post('/v1/endpoints', name, ENDPOINT);
  expect(await post('/v1/endpoints', 'c', ENDPOINT)).toMatchObject(refused);
  expect((await post('/v1/endpoints', 'b', ENDPOINT)).status).toBe(200);
  const others = await api.newProject();
  expect(
    (await api.call('POST', '/v1/keys', { key: others.key, headers: { 'idempotency-key': 'a' } })).status,
  ).toBe(201);
});

test('neither secrets nor keys are stored in plain text, nor is the content as a plain hash', async () => {
  const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
  await post('/v1/endpoints', 'reg-1', { ...ENDPOINT, secret });
  await post('/v1/keys', 'reg-2', {});
  const { rows } = await api.database.pool.query(
    `SELECT encode(response, 'escape') AS response FROM idempotency_keys WHERE project_id = $1`,
    [project.id],
  );
  expect(rows).toHaveLength(2);
  for (const { response } of rows) expect(response).not.toMatch(/whsec_|ph_|example\.com|secret/);
});

test.each(['', 'with space', 'x'.repeat(256), 'ü'])('the key %j is refused', async (key) => {
  expect(await post('/v1/endpoints', key, ENDPOINT)).toMatchObject({
    status: 400,
    body: { code: 'invalid_request' },
  });
});
