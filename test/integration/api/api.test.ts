import { markEndpointDeleted } from '../../../src/store/endpoints/delete-endpoint.ts';
import { eventually } from '../../set-up/eventually.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

type Json = Record<string, unknown>;
const url = 'http://127.0.0.1:9/hook';

async function call(method: string, path: string, key: string, body?: unknown) {
  const { status, body: answer } = await api.call(method, path, { key, body });
  return { status, body: answer as Json & { items: Json[]; nextCursor: string | null } };
}

describe('projects', () => {
  test('a project is made with a key that works, and shows its settings', async () => {
    const made = await call('POST', '/v1/projects', ADMIN_KEY, { name: 'CmdCal' });
    expect(made).toMatchObject({ status: 201, body: { name: 'CmdCal', profile: 'standard-webhooks' } });
    expect(made.body.key).toMatch(/^ph_[\w-]{43}$/);

    const own = await call('GET', '/v1/project', made.body.key as string);
    expect(own.body).toEqual({
      id: made.body.id,
      name: 'CmdCal',
      profile: 'standard-webhooks',
      policy: null,
      schemas: 'enforced',
      plans: null,
      callbackUrl: null,
      createdAt: expect.any(String),
    });
    expect(await call('GET', `/v1/projects/${made.body.id}`, ADMIN_KEY)).toEqual(own);
  });

  test('a policy override holds for the events that are posted after it', async () => {
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
  ])('the policy %j is refused', async (policy, pointer) => {
    const { key } = await api.newProject();
    const { status, body } = await call('PATCH', '/v1/project', key, { policy });
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'invalid_body' });
    expect((body.errors as Json[])[0]!.pointer).toBe(pointer);
  });

  test('a profile that does not exist is refused', async () => {
    expect(await call('POST', '/v1/projects', ADMIN_KEY, { name: 'x', profile: 'nobody' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/profile' }] },
    });
  });
});

describe('keys', () => {
  test('a missing, a malformed and a wrong key are all answered 401', async () => {
    expect((await api.call('GET', '/v1/events')).status).toBe(401);
    expect((await api.call('GET', '/v1/events', { headers: { authorization: 'Basic eDp5' } })).status).toBe(
      401,
    );
    const wrong = await api.call('GET', '/v1/events', { key: 'ph_nobody' });
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get('www-authenticate')).toContain('Bearer');
  });

  test('a deleted key stops working within a second in a process that knew it', async () => {
    const { key } = await api.newProject();
    const second = await call('POST', '/v1/keys', key, {});
    expect((await call('GET', '/v1/events', second.body.key as string)).status).toBe(200);
    // As another process would delete it: this one is not told.
    await api.database.pool.query('DELETE FROM api_keys WHERE id = $1', [second.body.id]);
    const deletedAt = performance.now();
    while ((await call('GET', '/v1/events', second.body.key as string)).status !== 401) {
      expect(performance.now() - deletedAt).toBeLessThan(1_000);
    }
  });

  test('a key is listed without itself, and stops working when it is deleted', async () => {
    const { key } = await api.newProject();
    const made = await call('POST', '/v1/keys', key, { consumer: 'acme' });
    expect(made.body.key).toMatch(/^phc_/);
    const { items } = (await call('GET', '/v1/keys', key)).body;
    expect(items.map(({ id, consumer }) => [id, consumer])).toContainEqual([made.body.id, 'acme']);
    expect(JSON.stringify(items)).not.toMatch(/phc?_/);
    expect((await call('GET', '/v1/consumers/acme', key)).status).toBe(200);

    expect((await call('DELETE', `/v1/keys/${made.body.id}`, key)).status).toBe(204);
    expect((await call('GET', '/v1/events', made.body.key as string)).status).toBe(401);
    expect((await call('DELETE', `/v1/keys/${made.body.id}`, key)).status).toBe(404);
  });

  test('the admin key works in a project only when it names one', async () => {
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
  test('a consumer is made, changed, listed and deleted', async () => {
    const { key } = await api.newProject();
    const made = await call('PUT', '/v1/consumers/acme', key, { name: 'ACME', plan: 'pro' });
    expect(made.body).toMatchObject({ id: 'acme', name: 'ACME', plan: 'pro' });
    expect((await call('PUT', '/v1/consumers/acme', key, {})).body).toEqual({
      ...made.body,
      name: null,
      plan: null,
    });
    expect((await call('GET', '/v1/consumers', key)).body.items).toHaveLength(1);
    expect((await call('DELETE', '/v1/consumers/acme', key)).status).toBe(204);
    expect((await call('GET', '/v1/consumers/acme', key)).status).toBe(404);
  });

  test('a deleted consumer takes its keys and endpoints along, and its open deliveries end', async () => {
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

  test('a consumer that is being deleted can make no endpoint any more', async () => {
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

  test('consumers are listed page by page without a gap, newest first', async () => {
    const { key } = await api.newProject();
    for (const id of ['c1', 'c2', 'c3', 'c4', 'c5']) await call('PUT', `/v1/consumers/${id}`, key, {});
    expect(await allPages('/v1/consumers', key, 2)).toEqual(['c5', 'c4', 'c3', 'c2', 'c1']);
  });
});

describe('endpoints', () => {
  test('deleting an endpoint again finishes a deletion that was cut short, and is answered 404', async () => {
    const { id: project, key } = await api.newProject();
    const endpoint = (await call('POST', '/v1/endpoints', key, { url })).body.id as string;
    const event = await call('POST', '/v1/events', key, { type: 'a', data: 1 });
    await markEndpointDeleted(api.database.pool, project, null, endpoint);

    const other = (await api.newProject()).key;
    expect((await call('DELETE', `/v1/endpoints/${endpoint}`, other)).status).toBe(404);
    expect((await call('GET', `/v1/events/${event.body.id}`, key)).body.status).toBe('pending');

    expect((await call('DELETE', `/v1/endpoints/${endpoint}`, key)).status).toBe(404);
    const after = await call('GET', `/v1/events/${event.body.id}`, key);
    expect(after.body.deliveries).toMatchObject([{ status: 'cancelled', reason: 'endpoint_deleted' }]);
  });

  test('the secret is shown once, header values never, and both are stored sealed', async () => {
    const { key } = await api.newProject();
    const headers = { 'X-Token': 'canary-value' };
    const made = await call('POST', '/v1/endpoints', key, { url, headers, description: 'ours' });
    expect(made.body).toMatchObject({
      url,
      events: ['*'],
      consumer: null,
      description: 'ours',
      status: 'active',
    });
    expect(made.body.secret).toMatch(/^whsec_/);
    const read = await api.call('GET', `/v1/endpoints/${made.body.id}`, { key });
    expect(read.text).not.toContain('canary');
    expect(read.text).not.toContain('whsec_');
    expect((read.body as Json).headers).toEqual({ 'X-Token': '••••' });
    const { rows } = await api.database.pool.query(
      "SELECT encode(secrets, 'escape') || encode(headers, 'escape') AS stored FROM endpoints WHERE id = $1",
      [made.body.id],
    );
    expect(rows[0].stored).not.toMatch(/canary|whsec_/);
  });

  test('a change leaves alone what it does not name', async () => {
    const { key } = await api.newProject();
    const made = (
      await call('POST', '/v1/endpoints', key, { url, description: 'a', headers: { 'x-a': 'b' } })
    ).body;
    const patched = await call('PATCH', `/v1/endpoints/${made.id}`, key, { events: ['a.*', 'b'] });
    const { secret: _, updatedAt: __, ...before } = made;
    expect(patched.body).toMatchObject({ ...before, events: ['a.*', 'b'] });
    const cleared = await call('PATCH', `/v1/endpoints/${made.id}`, key, {
      description: null,
      headers: null,
    });
    expect(cleared.body).toMatchObject({ description: null, headers: {}, events: ['a.*', 'b'] });
  });

  test('a deleted endpoint is gone and its open deliveries are cancelled', async () => {
    const { key } = await api.newProject();
    const { id } = (await call('POST', '/v1/endpoints', key, { url })).body;
    const event = await call('POST', '/v1/events', key, { type: 'a', data: 1 });
    expect((await call('DELETE', `/v1/endpoints/${id}`, key)).status).toBe(204);
    for (const method of ['GET', 'DELETE'])
      expect((await call(method, `/v1/endpoints/${id}`, key)).status).toBe(404);
    expect((await call('PATCH', `/v1/endpoints/${id}`, key, {})).status).toBe(404);
    const { deliveries, status } = (await call('GET', `/v1/events/${event.body.id}`, key)).body;
    expect({ deliveries, status }).toMatchObject({
      deliveries: [{ reason: 'endpoint_deleted' }],
      status: 'cancelled',
    });
  });

  test.each([
    ['ftp://example.com', 'invalid_url'],
    ['http://10.0.0.1/', 'invalid_url'],
    ['http://169.254.169.254/latest', 'invalid_url'],
    ['https://user:pass@example.com', 'invalid_url'],
    ['not a url', 'invalid_url'],
    ['', 'invalid_body'],
  ])('the URL %j is refused', async (bad, code) => {
    const { key } = await api.newProject();
    const { status, body } = await call('POST', '/v1/endpoints', key, { url: bad });
    expect({ status, code: body.code }).toEqual({ status: 422, code });
    expect((body.errors as Json[])[0]!.pointer).toBe('/url');
  });

  test.each([
    'Host',
    'connection',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Content-Type',
    'content-length',
    'Webhook-Signature',
    'webhook-id',
    'accept-encoding',
    'a b',
    'a:b',
    '',
  ])('the header name %j is refused', async (name) => {
    const { key } = await api.newProject();
    expect(await call('POST', '/v1/endpoints', key, { url, headers: { [name]: 'x' } })).toMatchObject({
      status: 422,
      body: { code: 'invalid_body' },
    });
  });

  test.each(['a\r\nb', 'a\nHost: x', 'a\u0000', ' a', 'a ', 'ä', '••••'])(
    'the header value %j is refused',
    async (value) => {
      const { key } = await api.newProject();
      expect((await call('POST', '/v1/endpoints', key, { url, headers: { 'x-a': value } })).status).toBe(422);
    },
  );

  test('21 headers, one name in two spellings and a pattern with a star inside are refused', async () => {
    const { key } = await api.newProject();
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`x-${i}`, 'a']));
    for (const extra of [
      { headers: many },
      { headers: { 'x-a': '1', 'X-A': '2' } },
      { events: ['a.*.b'] },
      { events: [] },
    ]) {
      expect((await call('POST', '/v1/endpoints', key, { url, ...extra })).status).toBe(422);
    }
  });

  test('a secret that the profile does not take is refused', async () => {
    const { key } = await api.newProject();
    expect(await call('POST', '/v1/endpoints', key, { url, secret: 'short' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/secret' }] },
    });
  });
});

describe('events', () => {
  test('data comes back byte for byte', async () => {
    const { key } = await api.newProject();
    const data = '{ "n":12345678901234567890,"f":1.0, "b":1,"a":2,"a":3,"e":"\\u0041\\u0000" }';
    const posted = await api.call('POST', '/v1/events', { key, body: `{"type":"a","data": ${data} }` });
    expect(posted.status).toBe(202);
    const { text } = await api.call('GET', `/v1/events/${(posted.body as Json).id}`, { key });
    expect(text).toContain(`"data":${data},`);
    expect(posted.text).toContain(`"data":${data},`);
  });

  test('an event without an endpoint is kept as unrouted', async () => {
    const { key } = await api.newProject();
    const { body } = await call('POST', '/v1/events', key, { type: 'a', data: null });
    expect(body).toMatchObject({ status: 'unrouted', deliveryCount: 0, data: null });
    expect((await call('GET', `/v1/events/${body.id}`, key)).body).toMatchObject({
      status: 'unrouted',
      deliveries: [],
    });
    expect((await call('POST', '/v1/events?wait=5s', key, { type: 'a', data: null })).status).toBe(200);
  });

  test('an event reaches the endpoints of its consumer, and one without a consumer only those without', async () => {
    const { key } = await api.newProject();
    const plain = (await call('POST', '/v1/endpoints', key, { url, events: ['a.*'] })).body.id;
    const acme = (await call('POST', '/v1/endpoints', key, { url, consumer: 'acme' })).body.id;
    await call('POST', '/v1/endpoints', key, { url, events: ['b'] });
    const endpointsOf = async (event: Json) => {
      const { id } = (await call('POST', '/v1/events', key, event)).body;
      const { deliveries } = (await call('GET', `/v1/events/${id}`, key)).body;
      return (deliveries as Json[]).map(({ endpoint }) => endpoint);
    };
    expect(await endpointsOf({ type: 'a.b', data: 1 })).toEqual([plain]);
    expect(await endpointsOf({ type: 'a.b', data: 1, consumer: 'acme' })).toEqual([acme]);
  });

  test('the same id with the same content is one event, with other content a conflict', async () => {
    const { key } = await api.newProject();
    const event = { type: 'a', data: { x: 1 }, id: 'order-1', attributes: { b: '1', a: '2' } };
    const first = await call('POST', '/v1/events', key, event);
    const again = await call('POST', '/v1/events', key, { ...event, attributes: { a: '2', b: '1' } });
    expect(again).toMatchObject({ status: 202, body: { id: 'order-1', createdAt: first.body.createdAt } });
    for (const other of [{ type: 'b' }, { data: { x: 2 } }, { consumer: 'acme' }, { attributes: {} }]) {
      expect(await call('POST', '/v1/events', key, { ...event, ...other })).toMatchObject({
        status: 409,
        body: { code: 'id_conflict', errors: [{ pointer: '/id' }] },
      });
    }
    const spaced = await api.call('POST', '/v1/events', {
      key,
      body: '{"type":"a","data":{ "x":1},"id":"order-1","attributes":{"a":"2","b":"1"}}',
    });
    expect(spaced.status).toBe(409);
  });

  test('a target is delivered to alone, and refused without a secret of the right form', async () => {
    const { key } = await api.newProject();
    await call('POST', '/v1/endpoints', key, { url });
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const { body } = await call('POST', '/v1/events', key, { type: 'a', data: 1, target: { url, secret } });
    expect((await call('GET', `/v1/events/${body.id}`, key)).body.deliveries).toMatchObject([
      { endpoint: null },
    ]);
    const bad = async (target: unknown) =>
      (await call('POST', '/v1/events', key, { type: 'a', data: 1, target })).body.errors;
    expect(await bad({ url, secret: 'x' })).toMatchObject([{ pointer: '/target/secret' }]);
    expect(await bad({ url: 'http://10.1.1.1', secret })).toMatchObject([{ pointer: '/target/url' }]);
    expect(await bad({ url })).toMatchObject([{ pointer: '/target/secret' }]);
  });

  test('a batch is stored whole, in order, each data as it was written', async () => {
    const { key } = await api.newProject();
    const body = '{"events":[{"type":"a","data":1.0,"id":"one"}, {"data" : [ 2 ],"type":"b"}]}';
    const { status, body: answer } = await api.call('POST', '/v1/events/batch', { key, body });
    const { items } = answer as { items: Json[] };
    expect({ status, types: items.map(({ type }) => type) }).toEqual({ status: 202, types: ['a', 'b'] });
    expect((await api.call('GET', '/v1/events/one', { key })).text).toContain('"data":1.0,');
    expect((await api.call('GET', `/v1/events/${items[1]!.id}`, { key })).text).toContain('"data":[ 2 ],');
  });

  test('of a batch with one bad event nothing is stored', async () => {
    const { key } = await api.newProject();
    const good = { type: 'a', data: 1 };
    await call('POST', '/v1/events', key, { ...good, id: 'taken' });
    const batch = async (events: unknown[]) => {
      const { status, body } = await call('POST', '/v1/events/batch', key, { events });
      return [status, (body.errors as Json[])[0]!.pointer];
    };
    expect(await batch([good, { type: 'a' }])).toEqual([422, '/events/1/data']);
    expect(await batch([good, { ...good, id: 'x' }, { ...good, id: 'x' }])).toEqual([422, '/events/2/id']);
    expect(await batch([good, { type: 'b', data: 1, id: 'taken' }])).toEqual([409, '/events/1/id']);
    expect(await batch([good, { ...good, data: 'x'.repeat(70_000) }])).toEqual([413, '/events/1']);
    expect(await batch([])).toEqual([422, '/events']);
    expect(await batch(Array(1001).fill(good))).toEqual([422, '/events']);
    expect((await call('GET', '/v1/events', key)).body.items).toHaveLength(1);
  });

  test('events are listed by type, status, consumer, endpoint and time, page by page without a gap', async () => {
    const { key } = await api.newProject();
    const endpoint = (await call('POST', '/v1/endpoints', key, { url, events: ['a'] })).body.id;
    for (let i = 0; i < 5; i++) await call('POST', '/v1/events', key, { type: 'a', data: i, id: `a${i}` });
    await call('POST', '/v1/events', key, { type: 'b', data: 1, id: 'b0', consumer: 'acme' });
    const ids = async (query: string) =>
      (await call('GET', `/v1/events?${query}`, key)).body.items.map(({ id }) => id);

    expect(await ids('type=b')).toEqual(['b0']);
    expect(await ids('status=unrouted')).toEqual(['b0']);
    expect(await ids('consumer=acme')).toEqual(['b0']);
    expect(await ids(`endpoint=${endpoint}`)).toHaveLength(5);
    expect(await ids('since=2999-01-01T00:00:00Z')).toEqual([]);
    expect(await ids('until=2999-01-01T00:00:00%2B02:00')).toHaveLength(6);
    expect(await allPages('/v1/events', key, 2)).toEqual(['b0', 'a4', 'a3', 'a2', 'a1', 'a0']);
  });

  test('a page of large events ends early, and the next goes on where it ended', async () => {
    const { id: project_id, key } = await api.newProject();
    // Past the limit of the door, to have a page of them quickly.
    await api.database.pool.query(
      `INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version,
                           status, delivery_count, open_count, created_at)
       SELECT $1, 'e' || i, 'a', '{}', '1', convert_to(repeat('x', 3000000), 'UTF8'), '', 'standard-webhooks', 1,
              'unrouted', 0, 0, now() - i * interval '1 s'
       FROM generate_series(1, 7) i`,
      [project_id],
    );
    expect((await call('GET', '/v1/events', key)).body.items.length).toBeLessThan(7);
    expect(await allPages('/v1/events', key, 200)).toEqual(['e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7']);
  });
});

describe('deliveries', () => {
  async function posted() {
    const { key, id: project } = await api.newProject();
    const endpoint = (await call('POST', '/v1/endpoints', key, { url })).body.id as string;
    const event = (await call('POST', '/v1/events', key, { type: 'a', data: 1 })).body.id as string;
    const delivery = (await call('GET', '/v1/deliveries', key)).body.items[0]!;
    return { key, project, endpoint, event, delivery, id: delivery.id as string };
  }

  test('a delivery is listed by status, endpoint and event', async () => {
    const { key, endpoint, event, delivery, id } = await posted();
    expect(delivery).toMatchObject({ event, endpoint, status: 'pending', attempts: 0, lastOutcome: null });
    for (const query of ['status=pending', `endpoint=${endpoint}`, `event=${event}`]) {
      expect((await call('GET', `/v1/deliveries?${query}`, key)).body.items).toEqual([delivery]);
    }
    expect((await call('GET', '/v1/deliveries?status=delivered', key)).body.items).toEqual([]);
    expect((await call('GET', `/v1/deliveries/${id}`, key)).body).toEqual(delivery);
  });

  test('an attempt shows what was sent and answered, whatever bytes the receiver used', async () => {
    const { key, id } = await posted();
    await api.database.pool.query(
      `INSERT INTO attempts (delivery_id, epoch, number, step, trigger, started_at, duration_ms, outcome, status_code,
                             request_url, request_headers, response_headers, response_body)
       VALUES ($1, 1, 1, 0, 'schedule', now(), 12, 'rejected', 500, 'http://x/', '{"webhook-id":"e"}', '{"a":["1","2"]}',
               '\\x0061ff'),
              ($1, 2, 2, 1, 'schedule', now(), 15, 'blocked', NULL, NULL, NULL, NULL, NULL)`,
      [id],
    );
    const { items } = (await call('GET', `/v1/deliveries/${id}/attempts`, key)).body;
    expect(items).toMatchObject([
      { number: 2, outcome: 'blocked', statusCode: null, request: null, response: null, error: null },
      {
        number: 1,
        request: { url: 'http://x/', headers: { 'webhook-id': 'e' } },
        response: { headers: { a: ['1', '2'] }, body: '\u0000a\ufffd', truncated: false },
      },
    ]);
    expect(await allPages(`/v1/deliveries/${id}/attempts`, key, 1, 'number')).toEqual([2, 1]);
  });

  test('an open delivery is retried with 202 and cancelled with 202; then cancelling is a conflict', async () => {
    const { key, id } = await posted();
    expect((await call('POST', `/v1/deliveries/${id}/retry`, key)).status).toBe(202);
    expect(await call('POST', `/v1/deliveries/${id}/cancel`, key)).toMatchObject({
      status: 202,
      body: { status: 'cancelled', reason: 'cancelled' },
    });
    expect((await call('POST', `/v1/deliveries/${id}/cancel`, key)).body.code).toBe('delivery_final');
  });

  test('a final delivery is retried as a new one, until its endpoint is deleted', async () => {
    const { key, id, endpoint } = await posted();
    await call('POST', `/v1/deliveries/${id}/cancel`, key);
    const replay = await call('POST', `/v1/deliveries/${id}/retry`, key);
    expect(replay).toMatchObject({ status: 201, body: { replayOf: id, status: 'pending' } });
    await call('DELETE', `/v1/endpoints/${endpoint}`, key);
    expect((await call('POST', `/v1/deliveries/${id}/retry`, key)).body.code).toBe('endpoint_deleted');
  });

  test('a held delivery cannot be retried', async () => {
    const { key, id } = await posted();
    await api.database.pool.query("UPDATE deliveries SET status = 'held', due_at = NULL WHERE id = $1", [id]);
    expect(await call('POST', `/v1/deliveries/${id}/retry`, key)).toMatchObject({
      status: 409,
      body: { code: 'delivery_held' },
    });
  });
});

/** One member of each item over all pages of `limit`. */
async function allPages(path: string, key: string, limit: number, member = 'id'): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await call('GET', `${path}?limit=${limit}${cursor}`, key);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    found.push(...body.items.map((item) => item[member]));
    if (body.nextCursor === null) return found;
    cursor = `&cursor=${body.nextCursor}`;
  }
}
