import { type ApiCalls, createApiCalls } from '../../set-up/api-calls.ts';
import { eventually } from '../../set-up/eventually.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
let call: ApiCalls['call'];
let allPages: ApiCalls['allPages'];
beforeAll(async () => {
  api = await startTestApi();
  ({ call, allPages } = createApiCalls(api));
});
afterAll(() => api.close());

type Json = Record<string, unknown>;
const url = 'http://127.0.0.1:9/hook';

describe('projects', () => {
  test('a new project has a working key and returns its settings', async () => {
    const created = await call('POST', '/v1/projects', ADMIN_KEY, { name: 'CmdCal' });
    expect(created).toMatchObject({ status: 201, body: { name: 'CmdCal', profile: 'standard-webhooks' } });
    expect(created.body.key).toMatch(/^ph_[\w-]{43}$/);

    const own = await call('GET', '/v1/project', created.body.key as string);
    expect(own.body).toEqual({
      id: created.body.id,
      name: 'CmdCal',
      profile: 'standard-webhooks',
      policy: null,
      schemas: 'enforced',
      plans: null,
      failures: expect.objectContaining({ coolDownAfter: '1m', disableAfter: '5d' }),
      portal: null,
      payloadRetention: null,
      createdAt: expect.any(String),
    });
    expect(await call('GET', `/v1/projects/${created.body.id}`, ADMIN_KEY)).toEqual(own);
  });

  test('a policy override applies to events that are posted after it', async () => {
    const { key } = await api.newProject();
    const policy = { delays: ['1s', '2m'], timeout: '3s', jitter: 0.5 };
    expect((await call('PATCH', '/v1/project', key, { policy })).body.policy).toEqual(policy);
    await call('POST', '/v1/endpoints', key, { url });
    const { body } = await call('POST', '/v1/events', key, { type: 'a', data: 1 });
    const { rows } = await api.database.pool.query('SELECT policy FROM deliveries WHERE event_id = $1', [
      body.id,
    ]);
    expect(JSON.parse(rows[0].policy)).toEqual({ delays: [1, 120], timeout: 3, jitter: 0.5 });

    expect((await call('PATCH', '/v1/project', key, { name: 'other' })).body.policy).toEqual(policy);
    expect((await call('PATCH', '/v1/project', key, { policy: null })).body.policy).toBeNull();
  });

  test.each([
    [{ delays: Array(21).fill('1s') }, '/policy/delays'],
    [{ delays: ['31d'] }, '/policy/delays/0'],
    [{ delays: ['soon'] }, '/policy/delays/0'],
    [{ timeout: '61s' }, '/policy/timeout'],
    [{ timeout: '0s' }, '/policy/timeout'],
    [{ jitter: 1.1 }, '/policy/jitter'],
    [{ retries: 3 }, '/policy/retries'],
  ])('the policy %j is rejected', async (policy, pointer) => {
    const { key } = await api.newProject();
    const { status, body } = await call('PATCH', '/v1/project', key, { policy });
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'invalid_body' });
    expect((body.errors as Json[])[0]!.pointer).toBe(pointer);
  });

  test('a project with an unknown profile is rejected', async () => {
    expect(await call('POST', '/v1/projects', ADMIN_KEY, { name: 'x', profile: 'nobody' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/profile' }] },
    });
  });
});

describe('keys', () => {
  test('a missing, a malformed and a wrong key all return 401', async () => {
    expect((await api.call('GET', '/v1/events')).status).toBe(401);
    expect((await api.call('GET', '/v1/events', { headers: { authorization: 'Basic eDp5' } })).status).toBe(
      401,
    );
    const wrong = await api.call('GET', '/v1/events', { key: 'ph_nobody' });
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get('www-authenticate')).toContain('Bearer');
  });

  test('a key that another process deleted stops working within 1 s', async () => {
    const { key } = await api.newProject();
    const second = await call('POST', '/v1/keys', key, {});
    expect((await call('GET', '/v1/events', second.body.key as string)).status).toBe(200);
    // Another process would delete it in the same way, without notifying this one.
    await api.database.pool.query('DELETE FROM api_keys WHERE id = $1', [second.body.id]);
    const deletedAt = performance.now();
    for (;;) {
      const askedAt = performance.now();
      if ((await call('GET', '/v1/events', second.body.key as string)).status === 401) break;
      expect(askedAt - deletedAt).toBeLessThan(1_000);
    }
  });

  test('the list of keys does not contain the keys themselves, and a deleted key stops working', async () => {
    const { key } = await api.newProject();
    const created = await call('POST', '/v1/keys', key, { consumer: 'acme' });
    expect(created.body.key).toMatch(/^phc_/);
    const { items } = (await call('GET', '/v1/keys', key)).body;
    expect(items.map(({ id, consumer }) => [id, consumer])).toContainEqual([created.body.id, 'acme']);
    expect(JSON.stringify(items)).not.toMatch(/phc?_/);
    expect((await call('GET', '/v1/consumers/acme', key)).status).toBe(200);

    expect((await call('DELETE', `/v1/keys/${created.body.id}`, key)).status).toBe(204);
    expect((await call('GET', '/v1/events', created.body.key as string)).status).toBe(401);
    expect((await call('DELETE', `/v1/keys/${created.body.id}`, key)).status).toBe(404);
  });

  test('the admin key must name a project to act in it', async () => {
    const { id, key } = await api.newProject();
    expect((await call('GET', '/v1/events', ADMIN_KEY)).body.code).toBe('project_required');
    const as = (project: string, used = ADMIN_KEY) =>
      api.call('GET', '/v1/project', { key: used, headers: { 'posthorn-project': project } });
    expect((await as(id)).body).toMatchObject({ id });
    expect((await as('prj_nobody')).status).toBe(404);
    expect((await as(id, key)).status).toBe(200);
    expect((await as('prj_nobody', key)).status).toBe(403);
  });
});

describe('consumers', () => {
  test('are found by a part of the id or the name, over pages, and their keys by consumer', async () => {
    const { key } = await api.newProject();
    for (const [id, name] of [
      ['acme-1', 'First'],
      ['x', 'The ACME'],
      ['y', undefined],
      ['acme-2', undefined],
    ])
      await call('PUT', `/v1/consumers/${id}`, key, { name });
    const ids = async (query: string) =>
      ((await call('GET', `/v1/consumers?${query}`, key)).body.items as Json[]).map(({ id }) => id);
    expect(await ids('q=AcMe')).toEqual(['acme-2', 'x', 'acme-1']);
    expect((await call('GET', '/v1/consumers?q=acme', key)).body).toMatchObject({
      nextCursor: null,
      searchedTo: null,
      complete: true,
    });
    const first = (await call('GET', '/v1/consumers?q=acme&limit=2', key)).body;
    expect(first).toMatchObject({ complete: false, searchedTo: expect.any(String) });
    expect(await ids(`q=acme&limit=2&cursor=${first.nextCursor}`)).toEqual(['acme-1']);
    expect((await call('GET', '/v1/consumers?q=nobody', key)).body).toMatchObject({
      items: [],
      complete: true,
    });

    const made = [];
    for (const consumer of ['x', 'y', 'x'])
      made.push((await call('POST', '/v1/keys', key, { consumer })).body.id);
    const keysOf = (await call('GET', '/v1/keys?consumer=x&limit=1', key)).body;
    expect(keysOf.items).toMatchObject([{ id: made[2], consumer: 'x' }]);
    const rest = (await call('GET', `/v1/keys?consumer=x&cursor=${keysOf.nextCursor}`, key)).body;
    expect(rest).toMatchObject({ items: [{ id: made[0] }], nextCursor: null });
  });

  test('a consumer can be created, changed, listed and deleted', async () => {
    const { key } = await api.newProject();
    const created = await call('PUT', '/v1/consumers/acme', key, { name: 'ACME', plan: 'pro' });
    expect(created.body).toMatchObject({ id: 'acme', name: 'ACME', plan: 'pro' });
    expect((await call('PUT', '/v1/consumers/acme', key, {})).body).toEqual({
      ...created.body,
      name: null,
      plan: null,
    });
    expect((await call('GET', '/v1/consumers', key)).body.items).toHaveLength(1);
    expect((await call('DELETE', '/v1/consumers/acme', key)).status).toBe(204);
    expect((await call('GET', '/v1/consumers/acme', key)).status).toBe(404);
  });

  test('deleting a consumer deletes its keys and endpoints, and cancels its open deliveries', async () => {
    const { key } = await api.newProject();
    const own = (await call('POST', '/v1/keys', key, { consumer: 'acme' })).body.key as string;
    await call('POST', '/v1/endpoints', own, { url });
    const event = await call('POST', '/v1/events', key, { type: 'a', data: 1, consumer: 'acme' });
    await call('DELETE', '/v1/consumers/acme', key);

    expect((await call('GET', '/v1/events', own)).status).toBe(401);
    expect((await call('GET', '/v1/endpoints', key)).body.items).toEqual([]);
    const after = await call('GET', `/v1/events/${event.body.id}`, key);
    expect(after.body.deliveries).toMatchObject([{ status: 'cancelled', reason: 'endpoint_deleted' }]);
  });

  test('a consumer that is being deleted cannot create an endpoint', async () => {
    const { key } = await api.newProject();
    const own = (await call('POST', '/v1/keys', key, { consumer: 'acme' })).body.key as string;
    const endpoint = (await call('POST', '/v1/endpoints', own, { url })).body.id as string;
    const holder = await api.database.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM endpoints WHERE id = $1 FOR UPDATE', [endpoint]);

    const deleted = call('DELETE', '/v1/consumers/acme', key);
    await eventually(async () => (await call('POST', '/v1/endpoints', own, { url })).status === 401);
    await holder.query('COMMIT');
    holder.release();

    expect((await deleted).status).toBe(204);
    expect((await call('GET', '/v1/endpoints', key)).body.items).toEqual([]);
  });

  test('consumers are listed newest first, without gaps between pages', async () => {
    const { key } = await api.newProject();
    for (const id of ['c1', 'c2', 'c3', 'c4', 'c5']) await call('PUT', `/v1/consumers/${id}`, key, {});
    expect(await allPages('/v1/consumers', key, 2)).toEqual(['c5', 'c4', 'c3', 'c2', 'c1']);
  });
});

test('the admin key lists projects in pages, newest first, without those that are erased or hidden', async () => {
  const first = await api.newProject('first');
  const second = await api.newProject('second');
  const erased = await api.newProject('erased');
  await api.call('POST', '/v1/operational-endpoints', {
    key: first.key,
    body: { url: 'http://127.0.0.1:9/' },
  });
  await api.call('DELETE', `/v1/projects/${erased.id}`, { key: ADMIN_KEY });

  const page = await api.call('GET', '/v1/projects?limit=1', { key: ADMIN_KEY });
  const { items, nextCursor } = page.body as { items: { id: string }[]; nextCursor: string };
  expect(items).toMatchObject([{ id: second.id, name: 'second', profile: 'standard-webhooks' }]);
  const next = await api.call('GET', `/v1/projects?limit=200&cursor=${nextCursor}`, { key: ADMIN_KEY });
  const rest = (next.body as { items: { id: string }[] }).items.map(({ id }) => id);
  expect(rest[0]).toBe(first.id);
  expect(rest.every((id) => /^(prj_[a-z0-9]+|default)$/.test(id) && id !== erased.id)).toBe(true);
  expect((await api.call('GET', '/v1/projects', { key: first.key })).status).toBe(403);
});
