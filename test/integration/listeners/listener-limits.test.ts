import { eventually } from '../../set-up/eventually.ts';
import { connectListener } from '../../set-up/listener-client.ts';
import { startTestApi } from '../../set-up/test-api.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

let posthorn: TestPosthorn | undefined;
afterEach(async () => {
  await posthorn?.close();
  posthorn = undefined;
});

type Listener = { id: string };
const MORE_THAN_AT_ONCE = 40;
const AT_ONCE = 32;

test('what exceeds the requests under way waits and uses no attempt', async () => {
  posthorn = await startTestPosthorn();
  const { url, project, call } = posthorn;
  await call('PATCH', '/v1/project', { policy: { timeout: '60s', delays: [] } });
  const { id } = await call<Listener>('POST', '/v1/listeners');
  const client = connectListener(url, project.key, id);
  type Listeners = { items: { connected: boolean }[] };
  await eventually(async () => (await call<Listeners>('GET', '/v1/listeners')).items[0]!.connected);
  const events = Array.from({ length: MORE_THAN_AT_ONCE }, () => ({ type: 'a.b', data: {} }));
  await call('POST', '/v1/events/batch', { events });

  await client.untilReceived(AT_ONCE);
  const { rows } = await posthorn.database.pool.query('SELECT FROM listener_requests WHERE response IS NULL');
  expect(rows.length).toBeLessThanOrEqual(AT_ONCE);
  for (let n = 0; n < MORE_THAN_AT_ONCE; n++) {
    await client.untilReceived(n + 1);
    await client.respond(client.requests[n]!, { status: 200 });
  }

  const counts = `SELECT status, attempts, count(*)::int AS n FROM deliveries GROUP BY 1, 2`;
  const settled = [{ status: 'delivered', attempts: 1, n: MORE_THAN_AT_ONCE }];
  const { pool } = posthorn.database;
  await eventually(
    async () => JSON.stringify((await pool.query(counts)).rows) === JSON.stringify(settled),
    60_000,
  );
  await client.close();
});

test('reported headers of more than 16 KiB in all are refused', async () => {
  const api = await startTestApi();
  const { key } = await api.newProject();
  const report = (count: number) => {
    const headers = Object.fromEntries(
      Array.from({ length: count }, (_, n) => [`x-${n}`, 'v'.repeat(1_000)]),
    );
    const response = { delivery: 'dlv_1', attempt: 1, status: 200, headers };
    return api.call('POST', '/v1/listeners/ep_1/responses', { key, body: response });
  };

  expect(await report(17)).toMatchObject({ status: 422, body: { code: 'invalid_body' } });
  expect(await report(16)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  await api.close();
});

test('a stream ends with its key', async () => {
  posthorn = await startTestPosthorn();
  const { url, call } = posthorn;
  const key = await call<{ id: string; key: string }>('POST', '/v1/keys', { consumer: 'acme' });
  const { id } = await call<Listener>('POST', '/v1/listeners', { consumer: 'acme' });
  const client = connectListener(url, key.key, id);
  type Listeners = { items: { connected: boolean }[] };
  await eventually(async () => (await call<Listeners>('GET', '/v1/listeners')).items[0]!.connected);

  await call('DELETE', `/v1/keys/${key.id}`);

  expect(await client.ended).toMatchObject({ status: 401, code: 'unauthorized' });
});

test('HEAD of the stream of a listener leaves the stream open', async () => {
  posthorn = await startTestPosthorn();
  const { url, project, call } = posthorn;
  const { id } = await call<Listener>('POST', '/v1/listeners');
  const client = connectListener(url, project.key, id, () => ({ status: 200 }));
  type Listeners = { items: { connected: boolean }[] };
  await eventually(async () => (await call<Listeners>('GET', '/v1/listeners')).items[0]!.connected);

  const headers = { authorization: `Bearer ${project.key}` };
  const head = await fetch(`${url}/v1/listeners/${id}/requests`, { method: 'HEAD', headers });
  const event = await posthorn.post({ type: 'a.b', data: {} });

  expect(head.status).toBe(405);
  expect(await posthorn.untilSettled(event.id)).toMatchObject({
    status: 'delivered',
    deliveries: [{ attempts: 1 }],
  });
  expect(client.requests).toHaveLength(1);
  await client.close();
});

test('POSTHORN_LISTENERS=off refuses listeners and their streams, but lets them be deleted', async () => {
  const api = await startTestApi({ config: { listeners: false } });
  const { key } = await api.newProject();
  const off = { status: 403, body: { code: 'listeners_off' } };
  expect(await api.call('POST', '/v1/listeners', { key })).toMatchObject(off);
  expect(await api.call('GET', '/v1/listeners/ep_1/requests', { key })).toMatchObject(off);
  expect((await api.call('DELETE', '/v1/listeners/ep_1', { key })).status).toBe(404);
  await api.close();
});

test('a listener keeps its URL, and an endpoint with a URL does not become one', async () => {
  const api = await startTestApi();
  const { key } = await api.newProject();
  const { body } = await api.call('POST', '/v1/listeners', { key, body: { label: 'anna' } });
  const path = `/v1/endpoints/${(body as Listener).id}`;
  const change = (url: string) => api.call('PATCH', path, { key, body: { url, description: 'mine' } });

  expect((await change('https://example.com/')).status).toBe(422);
  expect(await change('listener:anna')).toMatchObject({
    status: 200,
    body: { kind: 'listener', url: 'listener:anna', description: 'mine' },
  });
  const created = await api.call('POST', '/v1/endpoints', { key, body: { url: 'listener:bert' } });
  expect(created).toMatchObject({ status: 422, body: { code: 'invalid_url' } });
  await api.close();
});
