import { type ApiCalls, createApiCalls } from '../../set-up/api-calls.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
let call: ApiCalls['call'];
let allPages: ApiCalls['allPages'];
beforeAll(async () => {
  api = await startTestApi();
  ({ call, allPages } = createApiCalls(api));
});
afterAll(() => api.close());

const url = 'http://127.0.0.1:9/hook';

async function posted() {
  const { key, id: project } = await api.newProject();
  const endpoint = (await call('POST', '/v1/endpoints', key, { url })).body.id as string;
  const event = (await call('POST', '/v1/events', key, { type: 'a', data: 1 })).body.id as string;
  const delivery = (await call('GET', '/v1/deliveries', key)).body.items[0]!;
  return { key, project, endpoint, event, delivery, id: delivery.id as string };
}

test('deliveries can be filtered by status, endpoint and event', async () => {
  const { key, endpoint, event, delivery, id } = await posted();
  expect(delivery).toMatchObject({ event, endpoint, status: 'pending', attempts: 0, lastOutcome: null });
  for (const query of ['status=pending', `endpoint=${endpoint}`, `event=${event}`]) {
    expect((await call('GET', `/v1/deliveries?${query}`, key)).body.items).toEqual([delivery]);
  }
  expect((await call('GET', '/v1/deliveries?status=delivered', key)).body.items).toEqual([]);
  expect((await call('GET', `/v1/deliveries/${id}`, key)).body).toMatchObject(delivery);
});

test('an attempt shows the request and the response, whatever bytes the receiver sent', async () => {
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

test('retrying and cancelling an open delivery return 202; cancelling it again returns 409', async () => {
  const { key, id } = await posted();
  expect((await call('POST', `/v1/deliveries/${id}/retry`, key)).status).toBe(202);
  expect(await call('POST', `/v1/deliveries/${id}/cancel`, key)).toMatchObject({
    status: 202,
    body: { status: 'cancelled', reason: 'cancelled' },
  });
  expect((await call('POST', `/v1/deliveries/${id}/cancel`, key)).body.code).toBe('delivery_final');
});

test('retrying a final delivery creates a new one, unless its endpoint is deleted', async () => {
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
