import { type ApiCalls, createApiCalls } from '../../set-up/api-calls.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
let call: ApiCalls['call'];
beforeAll(async () => {
  api = await startTestApi();
  ({ call } = createApiCalls(api));
});
afterAll(() => api.close());

const url = 'http://127.0.0.1:9/hook';
const FAILED =
  "status = 'undeliverable', due_at = NULL, settled_at = now(), last_outcome = 'rejected', attempts = 5";

/** A project with an endpoint of its own and one of a consumer, and `count` events for each, not attempted yet. */
async function posted(count = 3) {
  const { key, id: project } = await api.newProject();
  const own = (await call('POST', '/v1/endpoints', key, { url })).body.id as string;
  const acme = (await call('POST', '/v1/endpoints', key, { url, consumer: 'acme' })).body.id as string;
  const consumerKey = (await call('POST', '/v1/keys', key, { consumer: 'acme' })).body.key as string;
  for (let n = 0; n < count; n++) {
    await call('POST', '/v1/events', key, { id: `own_${n}`, type: 'a', data: n });
    await call('POST', '/v1/events', key, { id: `acme_${n}`, type: 'b', data: n, consumer: 'acme' });
  }
  const update = (set: string, where: string) =>
    api.database.pool.query(`UPDATE deliveries SET ${set} WHERE project_id = $1 AND ${where}`, [project]);
  const failures = async (query = '', by = key) => (await call('GET', `/v1/failures?${query}`, by)).body;
  const attention = async () => (await call('GET', '/v1/deliveries?attention=true', key)).body.items;
  return { key, consumerKey, project, own, acme, update, failures, attention };
}

test('failures are grouped by endpoint, outcome, status code and state', async () => {
  const { own, acme, consumerKey, update, failures } = await posted();
  expect(await failures()).toEqual({ items: [], lookedAt: 0, complete: true });
  await update(`${FAILED}, last_status_code = 503`, `endpoint_id = '${own}'`);
  await update("status = 'retrying', last_outcome = 'timeout'", `event_id = 'acme_0'`);
  await update(`${FAILED}, last_status_code = 410`, `event_id = 'acme_1'`);

  const found = await failures();
  expect(found).toMatchObject({ lookedAt: 5, complete: true });
  expect(found.items).toHaveLength(3);
  expect(found.items[0]).toMatchObject({
    endpoint: own,
    outcome: 'rejected',
    statusCode: 503,
    state: 'undeliverable',
    deliveries: 3,
    events: 3,
    nextAttemptAt: null,
  });
  expect(await failures('state=retrying')).toMatchObject({ items: [{ endpoint: acme, outcome: 'timeout' }] });
  expect((await failures(`endpoint=${acme}`)).items).toHaveLength(2);
  expect((await failures('', consumerKey)).items).toHaveLength(2);
  expect((await failures('consumer=other', consumerKey)).items).toEqual([]);
  expect(await failures('', consumerKey)).toMatchObject({ lookedAt: 2, complete: true });
  expect(await failures('consumer=acme')).toMatchObject({ lookedAt: 2 });
  const sample = found.items[0]!.sample as string;
  expect((await call('GET', `/v1/deliveries/${sample}`, consumerKey)).status).toBe(404);
});

test('failures with one outcome and different error codes are told apart, listed and dismissed by code', async () => {
  const { key, own, update, failures } = await posted();
  const refused = `${FAILED.replace('rejected', 'connection_failed')}, last_error_code = 'ECONNREFUSED'`;
  await update(refused, `endpoint_id = '${own}'`);
  await update("last_error_code = 'listener_offline'", "event_id = 'own_0'");

  expect((await failures()).items).toMatchObject([
    { outcome: 'connection_failed', errorCode: 'ECONNREFUSED', deliveries: 2 },
    { outcome: 'connection_failed', errorCode: 'listener_offline', deliveries: 1 },
  ]);
  const listed = (await call('GET', '/v1/deliveries?attention=true&errorCode=listener_offline', key)).body;
  expect(listed).toMatchObject({
    items: [{ event: 'own_0', lastOutcome: 'connection_failed', lastErrorCode: 'listener_offline' }],
    complete: true,
  });
  const recovery = { what: 'failed', errorCode: 'ECONNREFUSED', since: new Date(0).toISOString() };
  expect((await call('POST', '/v1/recoveries', key, { ...recovery, dryRun: true })).body.matches).toBe(2);
  expect((await call('POST', '/v1/recoveries', key, recovery)).body.filter).toMatchObject({
    errorCode: 'ECONNREFUSED',
    statusCode: null,
  });
  const filter = { errorCode: 'listener_offline' };
  expect((await call('POST', '/v1/dismissals', key, { filter })).body.dismissed).toBe(1);
});

test('a dismissed delivery stays undeliverable and needs no attention', async () => {
  const { key, own, update, attention, failures } = await posted();
  await update(FAILED, 'true');
  const [first, ...rest] = await attention();
  const dismissal = { deliveries: [first!.id, 'dlv_unknown'] };
  expect(await call('POST', '/v1/dismissals', key, dismissal)).toMatchObject({
    status: 200,
    body: { dismissed: 1, complete: true },
  });
  expect((await call('POST', '/v1/dismissals', key, dismissal)).body.dismissed).toBe(0);
  expect(await attention()).toEqual(rest);
  expect((await call('GET', `/v1/deliveries/${first!.id as string}`, key)).body).toMatchObject({
    status: 'undeliverable',
    dismissedAt: expect.any(String),
  });

  const filter = { endpoint: own, outcome: 'rejected' };
  expect((await call('POST', '/v1/dismissals', key, { filter })).body.dismissed).toBe(3);
  expect((await failures()).items).toMatchObject([{ deliveries: 2 }]);
  expect((await call('POST', '/v1/dismissals', key, { filter: { outcome: 'timeout' } })).body.dismissed).toBe(
    0,
  );
  expect((await call('POST', '/v1/dismissals', key, { filter: { type: 'b' } })).body.dismissed).toBe(2);
  expect(await attention()).toEqual([]);
});

test('a dismissal by filter takes more than one batch, and leaves other projects alone', async () => {
  const { key, project, attention } = await posted(1);
  const other = await posted(1);
  await other.update(FAILED, 'true');
  await api.database.pool.query(
    `INSERT INTO deliveries (id, project_id, event_id, receiver, policy, status, settled_at, created_at)
     SELECT 'dlv_01m8' || lpad(n::text, 22, '0'), $1, 'own_0', 'x', '{}', 'undeliverable', now(), now()
     FROM generate_series(1, 1203) AS n`,
    [project],
  );
  expect((await call('POST', '/v1/dismissals', key, { filter: {} })).body).toEqual({
    dismissed: 1203,
    complete: true,
  });
  expect(await attention()).toEqual([]);
  expect(await other.attention()).toHaveLength(2);
});

test('only the project dismisses, and a retrying delivery cannot be dismissed', async () => {
  const { key, consumerKey, update, attention } = await posted(1);
  await update("status = 'retrying'", 'true');
  const ids = (await attention()).map(({ id }) => id);
  expect((await call('POST', '/v1/dismissals', consumerKey, { deliveries: ids })).status).toBe(403);
  expect((await call('POST', '/v1/dismissals', key, { deliveries: ids })).body.dismissed).toBe(0);
  expect((await call('POST', '/v1/dismissals', key, {})).status).toBe(422);
});

test('an event goes to one more endpoint, whatever it subscribed to, unless one to it is open', async () => {
  const { key, consumerKey, own, update } = await posted(1);
  const other = (await call('POST', '/v1/endpoints', key, { url, events: ['never'] })).body.id as string;
  const send = (event: string, endpoint: string, by = key) =>
    call('POST', `/v1/events/${event}/deliveries`, by, { endpoint });
  const created = await send('own_0', other);
  expect(created).toMatchObject({
    status: 201,
    body: { event: 'own_0', endpoint: other, status: 'pending', replayOf: null, policy: { timeout: 15 } },
  });
  expect((await call('GET', '/v1/events/own_0', key)).body).toMatchObject({
    status: 'pending',
    deliveryCount: 2,
  });
  expect(await send('own_0', other)).toMatchObject({ status: 409, body: { code: 'delivery_open' } });

  await update(FAILED, `endpoint_id = '${own}'`);
  const [failed] = (await call('GET', `/v1/deliveries?endpoint=${own}`, key)).body.items;
  const replay = await send('own_0', own);
  expect(replay).toMatchObject({ status: 201, body: { replayOf: failed!.id } });
  expect((await call('GET', `/v1/deliveries/${failed!.id as string}`, key)).body.replayedBy).toBe(
    replay.body.id,
  );
  for (const [event, by] of [
    ['acme_0', key],
    ['own_0', consumerKey],
    ['unknown', key],
  ] as const)
    expect((await send(event, own, by)).status).toBe(404);
});

test('a delivery to a paused endpoint is held; one to a deleted endpoint is not created', async () => {
  const { key } = await posted(1);
  const paused = (await call('POST', '/v1/endpoints', key, { url, events: ['never'] })).body.id as string;
  await call('POST', `/v1/endpoints/${paused}/pause`, key);
  const send = (endpoint: string) => call('POST', '/v1/events/own_0/deliveries', key, { endpoint });
  expect((await send(paused)).body).toMatchObject({ status: 'held', waitingFor: 'endpoint_paused' });
  await call('DELETE', `/v1/endpoints/${paused}`, key);
  expect((await send(paused)).status).toBe(404);
});

test('of two calls at the same time that send an event to an endpoint, one creates a delivery', async () => {
  const { key } = await posted(1);
  const other = (await call('POST', '/v1/endpoints', key, { url, events: ['never'] })).body.id as string;
  const calls = Array.from({ length: 4 }, () =>
    call('POST', '/v1/events/own_0/deliveries', key, { endpoint: other }),
  );
  const statuses = (await Promise.all(calls)).map(({ status }) => status).sort();
  expect(statuses).toEqual([201, 409, 409, 409]);
});
