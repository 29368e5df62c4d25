import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import pg from 'pg';
import { newId } from '../../../src/store/postgres/ids.ts';
import { eventually } from '../../set-up/eventually.ts';
import { newSession } from '../../set-up/sessions.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
/** The number of queries that look keys up. */
let queries: number;
beforeEach(async () => {
  api = await startTestApi({ config: { maxWrongKeysPerMinute: 5, trustedProxies: ['127.0.0.9/32'] } });
  queries = 0;
});
afterEach(() => api.close());

const query = pg.Client.prototype.query;
beforeAll(() => {
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [statement] = args as [string | { text?: string }];
    if (/FROM api_keys key/.test(typeof statement === 'string' ? statement : (statement.text ?? '')))
      queries += 1;
    return Reflect.apply(query, this, args);
  } as typeof query;
});
afterAll(() => {
  pg.Client.prototype.query = query;
});

const wrongKey = (): string => `ph_${randomBytes(32).toString('base64url')}`;
const statusFor = async (key: string, headers: Record<string, string> = {}): Promise<number> =>
  (await api.call('GET', '/v1/project', { key, headers })).status;

async function useUpWrongKeys(): Promise<void> {
  while ((await statusFor(wrongKey())) !== 429);
}

test('an unused key works while its address sends wrong keys', async () => {
  const { key } = await api.newProject();
  await useUpWrongKeys();
  expect(await statusFor(key)).toBe(200);
});

test('a change of one project takes effect at once, and does not affect cached keys of another', async () => {
  const { key } = await api.newProject();
  const { key: other } = await api.newProject();
  await statusFor(key);
  await statusFor(other);
  await useUpWrongKeys();
  const changed = await api.call('PATCH', '/v1/project', { key, body: { profile: 'canvelete' } });
  expect(changed.status).toBe(200);
  expect([await statusFor(key), await statusFor(other)]).toEqual([200, 200]);
});

test('thousands of wrong keys on one connection cause few queries, and a valid key among them works', async () => {
  const { key } = await api.newProject();
  queries = 0;
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const get = (one: string): string =>
    `GET /v1/project HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${one}\r\n\r\n`;
  const keys = Array.from({ length: 2_000 }, (_, i) => (i === 1_000 ? key : wrongKey()));
  let text = '';
  socket.on('data', (chunk) => (text += chunk));
  socket.write(keys.map(get).join(''));
  await eventually(() => (text.match(/HTTP\/1\.1 /g) ?? []).length === 2_000);
  socket.destroy();

  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  expect(statuses[1_000]).toBe('200');
  expect(statuses.filter((status) => status === '401')).toHaveLength(5);
  expect(queries).toBeLessThanOrEqual(7);
});

test('a deleted key causes one query, however often it is sent', async () => {
  const { key } = await api.newProject();
  const second = (await api.call('POST', '/v1/keys', { key, body: {} })).body as { id: string; key: string };
  await api.database.pool.query('DELETE FROM api_keys WHERE id = $1', [second.id]);
  queries = 0;
  for (let i = 0; i < 10; i++) expect(await statusFor(second.key)).toBe(i < 5 ? 401 : 429);
  expect(queries).toBe(1);
  expect(await statusFor(key)).toBe(200);
});

test('a key without a MAC works, and keeps working when its address is limited', async () => {
  const { id } = await api.newProject();
  const key = `ph_${randomBytes(24).toString('base64url')}`;
  await api.database.pool.query('INSERT INTO api_keys (id, project_id, hash) VALUES ($1, $2, $3)', [
    newId('key', Date.now()),
    id,
    hash('sha256', key, 'buffer'),
  ]);
  // More concurrent calls than the number of wrong keys that an address may send.
  const statuses = await Promise.all(Array.from({ length: 20 }, () => statusFor(key)));
  expect(new Set(statuses)).toEqual(new Set([200]));
  await useUpWrongKeys();
  expect(await statusFor(key)).toBe(200);
});

test('a forwarded address is used only if it comes from a trusted proxy', async () => {
  const statusVia = async (localAddress: string, forwarded: string): Promise<number> => {
    const headers = { authorization: `Bearer ${wrongKey()}`, 'x-forwarded-for': forwarded };
    const get = request(`${api.url}/v1/project`, { localAddress, headers, agent: false });
    const [response] = await once(get.end(), 'response');
    response.resume();
    return response.statusCode;
  };
  for (let i = 0; i < 6; i++) await statusVia('127.0.0.9', '198.51.100.7');
  expect(await statusVia('127.0.0.9', '198.51.100.7')).toBe(429);
  // The proxy appends its value to the one that the client sent.
  expect(await statusVia('127.0.0.9', '203.0.113.1, 198.51.100.7')).toBe(429);
  expect(await statusVia('127.0.0.9', '198.51.100.8')).toBe(401);
  for (let i = 0; i < 5; i++) expect(await statusVia('127.0.0.8', `198.51.100.${i + 20}`)).toBe(401);
  expect(await statusVia('127.0.0.8', '198.51.100.99')).toBe(429);
});

describe('while a body is arriving', () => {
  async function beginPost(key: string, path: string) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const post = request(`${api.url}${path}`, { method: 'POST', headers, agent: false });
    const responded = once(post, 'response').then(([response]) => response.resume().statusCode as number);
    const looked = queries;
    post.write('{');
    await eventually(() => queries > looked);
    return { responded, post };
  }

  test('a call whose key is deleted gets 401', async () => {
    const { key } = await api.newProject();
    const created = await api.call('POST', '/v1/keys', { key, body: {} });
    const second = created.body as { id: string; key: string };
    const { post, responded } = await beginPost(second.key, '/v1/events');
    await api.call('DELETE', `/v1/keys/${second.id}`, { key });
    const deletedAt = performance.now();
    await eventually(() => performance.now() - deletedAt > 60);
    post.end('"type":"a","data":1}');
    expect(await responded).toBe(401);
  });

  test('a deleted consumer gets no endpoint', async () => {
    const { id, key } = await api.newProject();
    const created = await api.call('POST', '/v1/keys', { key, body: { consumer: 'jane' } });
    const { post, responded } = await beginPost((created.body as { key: string }).key, '/v1/endpoints');
    await api.call('DELETE', '/v1/consumers/jane', { key });
    post.end('"url":"http://127.0.0.1:9/"}');
    expect(await responded).toBe(401);
    const left = await api.database.pool.query(
      `SELECT FROM endpoints WHERE project_id = $1 AND consumer = 'jane' AND status <> 'deleted'`,
      [id],
    );
    expect(left.rows).toHaveLength(0);
    expect((await api.call('GET', '/v1/consumers/jane', { key })).status).toBe(404);
  });
});

test('the admin key never counts as wrong', async () => {
  await useUpWrongKeys();
  expect((await api.call('GET', '/v1/profiles', { key: ADMIN_KEY })).status).toBe(200);
});

test('a key that only reads may GET and HEAD, and changes nothing by any other call of the document', async () => {
  const { key } = await api.newProject();
  const body = { access: 'read', name: 'monitoring' };
  const created = (await api.call('POST', '/v1/keys', { key, body })).body as { id: string; key: string };
  const readKey = created.key;
  for (const [path, item] of Object.entries(api.document.paths))
    for (const [method, operation] of Object.entries(item)) {
      const { 'x-access': access, operationId } = operation as { 'x-access'?: string; operationId: string };
      if (method === 'get' || access === 'open' || operationId === 'deleteSession') continue;
      const address = path.replaceAll(/\{\w+\}/g, 'x');
      const { body: refused } = await api.call(method.toUpperCase(), address, { key: readKey, body: {} });
      expect({ path, method, refused }).toMatchObject({ refused: { status: 403, code: 'read_only' } });
    }
  expect((await api.call('GET', '/v1/project', { key: readKey })).status).toBe(200);
  const headers = { authorization: `Bearer ${readKey}` };
  expect((await fetch(`${api.url}/v1/project`, { method: 'HEAD', headers })).status).toBe(200);

  const { body: list } = await api.call('GET', '/v1/keys', { key });
  const { items } = list as { items: object[] };
  expect(items).toMatchObject([
    { id: created.id, access: 'read', name: 'monitoring' },
    { access: 'full', name: null },
  ]);
});

test('a session that begins with a key that only reads does so too', async () => {
  const { key } = await api.newProject();
  const { body } = await api.call('POST', '/v1/keys', { key, body: { access: 'read' } });
  const call = await newSession(api, { key: (body as { key: string }).key });
  expect((await call('GET', '/v1/session')).body).toMatchObject({ access: 'read' });
  expect((await call('PATCH', '/v1/project', { body: { name: 'x' } })).body).toMatchObject({
    code: 'read_only',
  });
});

test('the list shows when a key was last used, which is recorded every five minutes at most', async () => {
  const { id, key } = await api.newProject();
  const usedAt = async (): Promise<string | null> => {
    const { body } = await api.call('GET', '/v1/keys', { key });
    return (body as { items: { lastUsedAt: string | null }[] }).items[0]!.lastUsedAt;
  };
  await eventually(async () => (await usedAt()) !== null);
  const first = await usedAt();
  expect(Math.abs(Date.parse(first!) - Date.now())).toBeLessThan(60_000);

  const ago = `UPDATE api_keys SET last_used_at = now() - interval '4 minutes' WHERE project_id = $1`;
  await api.database.pool.query(ago, [id]);
  const before = await usedAt();
  queries = 0;
  await eventually(async () => {
    await statusFor(key);
    return queries >= 2; // it has been looked up again
  });
  expect(await usedAt()).toBe(before);

  await api.database.pool.query(ago.replace('4', '6'), [id]);
  await eventually(async () => Date.parse((await usedAt())!) > Date.now() - 60_000);
});
