import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Delivery, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { stageFailures } from './stage-failures.ts';

type Recovery = {
  id: string;
  status: string;
  total: number | null;
  done: number;
  skipped: number;
  delivered: number;
  undeliverable: number;
  open: number;
};
type Project = { id: string; key: string };

let posthorn: TestPosthorn;
const receivers: Receiver[] = [];
beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close();
});
afterAll(() => posthorn.close());

async function receiverThat(...script: number[]): Promise<Receiver> {
  const receiver = await startReceiver(script);
  receivers.push(receiver);
  return receiver;
}

const hourAgo = () => new Date(Date.now() - 2 * 3_600_000).toISOString();

/** A project, and calls with its key. */
async function newProject() {
  const project: Project = await posthorn.newProject();
  const call = async <T>(method: string, path: string, body?: unknown, key = project.key): Promise<T> => {
    const response = await posthorn.client.call(method, path, { key, body });
    if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${response.text}`);
    return response.body as T;
  };
  const newEndpoint = async (url: string, settings: object = {}) =>
    (await call<{ id: string }>('POST', '/v1/endpoints', { url, ...settings })).id;
  const recoveryOf = (id: string) => call<Recovery>('GET', `/v1/recoveries/${id}`);
  const untilDone = async (id: string, timeoutMs = 60_000) => {
    await eventually(async () => {
      const { status, open } = await recoveryOf(id);
      return status === 'done' && open === 0;
    }, timeoutMs);
    return recoveryOf(id);
  };
  return { project, call, newEndpoint, recoveryOf, untilDone };
}

const idsIn = ({ requests }: Receiver) =>
  requests.map(({ body }) => (JSON.parse(String(body)) as { id: string }).id);
const distinct = <T>(items: T[]) => new Set(items).size;

test('what failed is previewed, sent again once, and needs no attention any more', async () => {
  const { call, newEndpoint, untilDone } = await newProject();
  await call('PATCH', '/v1/project', { policy: { delays: ['1s'] } });
  const receiver = await receiverThat(503, 503, 200);
  const endpoint = await newEndpoint(receiver.url);
  const { id } = await call<{ id: string }>('POST', '/v1/events?wait=30s', { type: 'a', data: 1 });
  const filter = { what: 'failed', endpoint, since: hourAgo(), statusCode: 503 };

  expect(await call('POST', '/v1/recoveries', { ...filter, dryRun: true })).toMatchObject({
    matches: 1,
    capped: false,
    endpoints: 1,
  });
  expect(await call('POST', '/v1/recoveries', { ...filter, statusCode: 500, dryRun: true })).toMatchObject({
    matches: 0,
    oldestAt: null,
  });

  const started = await call<Recovery>('POST', '/v1/recoveries', filter);
  expect(started).toMatchObject({
    status: 'running',
    total: 1,
    rate: 50,
    filter: { what: 'failed', endpoint },
  });
  expect(await untilDone(started.id)).toMatchObject({
    ...{ status: 'done', total: 1, done: 1, skipped: 0, delivered: 1, undeliverable: 0, open: 0 },
    endedAt: expect.any(String),
    startedBy: expect.stringMatching(/^key_/),
  });
  const { items } = await call<{ items: Delivery[] }>('GET', `/v1/deliveries?event=${id}`);
  expect(items).toMatchObject([
    { status: 'delivered', replayOf: items[1]!.id, recovery: started.id },
    { status: 'undeliverable', replayedBy: items[0]!.id, recovery: null },
  ]);
  expect(await call('GET', '/v1/deliveries?attention=true')).toMatchObject({ items: [] });
  expect(await call('GET', '/v1/events?fields=summary')).toMatchObject({
    items: [{ status: 'undeliverable', undeliverableCount: 1, resentCount: 1, retryingCount: 0 }],
  });
  expect(receiver.requests).toHaveLength(3);
  expect(await call('POST', '/v1/recoveries', { ...filter, dryRun: true })).toMatchObject({ matches: 0 });
  expect(await call('GET', '/v1/recoveries')).toMatchObject({ items: [{ id: started.id }] });
});

test('a failure keeps the code of the error of its last attempt, until one without an error', async () => {
  const { call, newEndpoint, untilDone } = await newProject();
  await call('PATCH', '/v1/project', { policy: { delays: ['1s'] } });
  const closed = await startReceiver([]);
  const endpoint = await newEndpoint(closed.url);
  await closed.close();
  const { id } = await call<{ id: string }>('POST', '/v1/events?wait=30s', { type: 'a', data: 1 });
  const cause = { outcome: 'connection_failed', errorCode: 'ECONNREFUSED' };
  expect(await call('GET', '/v1/failures')).toMatchObject({ items: [{ ...cause, deliveries: 1 }] });

  const receiver = await receiverThat(200);
  await call('PATCH', `/v1/endpoints/${endpoint}`, { url: receiver.url });
  const recovery = { what: 'failed', since: hourAgo(), ...cause };
  const started = await call<Recovery>('POST', '/v1/recoveries', recovery);
  expect(await untilDone(started.id)).toMatchObject({ delivered: 1 });
  const { items } = await call<{ items: Delivery[] }>('GET', `/v1/deliveries?event=${id}`);
  expect(items).toMatchObject([{ lastErrorCode: null }, { lastErrorCode: 'ECONNREFUSED' }]);
});

test('a paused recovery holds no workflow, and goes on where it was', async () => {
  const { project, call, newEndpoint, recoveryOf, untilDone } = await newProject();
  const receiver = await receiverThat(200);
  const endpoint = await newEndpoint(receiver.url);
  await stageFailures(posthorn.database.pool, { project: project.id, endpoint }, 1_000);
  const { id } = await call<Recovery>('POST', '/v1/recoveries', {
    ...{ what: 'failed', since: hourAgo(), rate: 100 },
  });
  await receiver.untilReceived(100);
  expect(await call('POST', `/v1/recoveries/${id}/pause`)).toMatchObject({ status: 'paused' });
  expect(await call('POST', `/v1/recoveries/${id}/pause`)).toMatchObject({ status: 'paused' });
  const workflow = posthorn.temporal.workflow.getHandle(`recover/${project.id}/${id}/1`);
  await eventually(async () => (await workflow.describe()).status.name === 'COMPLETED');
  await eventually(async () => (await recoveryOf(id)).open === 0);
  const { done, status } = await recoveryOf(id);
  expect({ status, isPart: done >= 100 && done < 1_000 }).toEqual({ status: 'paused', isPart: true });
  expect(receiver.requests).toHaveLength(done);

  expect(await call('POST', `/v1/recoveries/${id}/resume`)).toMatchObject({ status: 'running' });
  expect(await untilDone(id)).toMatchObject({ done: 1_000, delivered: 1_000 });
  expect(distinct(idsIn(receiver))).toBe(1_000);
  expect(receiver.requests).toHaveLength(1_000);
  const refused = await posthorn.client.call('POST', `/v1/recoveries/${id}/pause`, { key: project.key });
  expect(refused).toMatchObject({ status: 409, body: { code: 'recovery_final' } });
});

test('a cancelled recovery ends, and its job cannot be resumed', async () => {
  const { project, call, newEndpoint, recoveryOf } = await newProject();
  const endpoint = await newEndpoint((await receiverThat(200)).url);
  await stageFailures(posthorn.database.pool, { project: project.id, endpoint }, 500);
  const { id } = await call<Recovery>('POST', '/v1/recoveries', {
    what: 'failed',
    since: hourAgo(),
    rate: 5,
  });
  expect(await call('POST', `/v1/recoveries/${id}/cancel`)).toMatchObject({ status: 'cancelled' });
  const workflow = posthorn.temporal.workflow.getHandle(`recover/${project.id}/${id}/1`);
  await eventually(async () => (await workflow.describe()).status.name === 'COMPLETED');
  expect((await recoveryOf(id)).done).toBeLessThan(60);
  const { body } = await posthorn.client.call('POST', `/v1/recoveries/${id}/resume`, { key: project.key });
  expect(body).toMatchObject({ code: 'recovery_final' });
});

test('two recoveries of the same failures send each delivery once together', async () => {
  const { project, call, newEndpoint, untilDone } = await newProject();
  const receiver = await receiverThat(200);
  const endpoint = await newEndpoint(receiver.url);
  const ids = await stageFailures(posthorn.database.pool, { project: project.id, endpoint }, 400);
  const body = { what: 'failed', since: hourAgo(), rate: 1_000 };
  const started = await Promise.all([
    call<Recovery>('POST', '/v1/recoveries', body),
    call<Recovery>('POST', '/v1/recoveries', { deliveries: ids, rate: 1_000 }),
  ]);
  const [one, two] = [await untilDone(started[0].id), await untilDone(started[1].id)];
  expect(one.done + two.done).toBe(400);
  for (const { done, skipped, total } of [one, two]) expect(done + skipped).toBe(total);
  expect(receiver.requests).toHaveLength(400);
  expect(distinct(idsIn(receiver))).toBe(400);
});

test('an event that has expired, or has no payload any more, is skipped', async () => {
  const { project, call, newEndpoint, untilDone } = await newProject();
  const receiver = await receiverThat(200);
  const endpoint = await newEndpoint(receiver.url);
  const { pool } = posthorn.database;
  const [expired, removed] = await stageFailures(pool, { project: project.id, endpoint }, 5);
  const setOfEvent = (set: string, delivery: string) =>
    pool.query(`UPDATE events SET ${set} WHERE id = (SELECT event_id FROM deliveries WHERE id = $1)`, [
      delivery,
    ]);
  await setOfEvent('expires_at = now()', expired!);
  await pool.query('UPDATE deliveries SET expires_at = now() WHERE id = $1', [expired]);
  await setOfEvent('payload_removed_at = now()', removed!);
  const { id } = await call<Recovery>('POST', '/v1/recoveries', { what: 'failed', since: hourAgo() });
  expect(await untilDone(id)).toMatchObject({ total: 5, done: 3, skipped: 2, delivered: 3 });
  expect(receiver.requests).toHaveLength(3);

  const other = await newEndpoint(receiver.url);
  const missing = { what: 'missing', endpoint: other, since: hourAgo(), dryRun: true };
  expect(await call('POST', '/v1/recoveries', missing)).toMatchObject({ matches: 3 });
});

test('a delivery to a deleted endpoint is skipped, and one to a paused endpoint is held', async () => {
  const { project, call, newEndpoint, recoveryOf } = await newProject();
  const [deleted, paused] = [
    await newEndpoint('http://127.0.0.1:9/a'),
    await newEndpoint('http://127.0.0.1:9/b'),
  ];
  const { pool } = posthorn.database;
  await stageFailures(pool, { project: project.id, endpoint: deleted }, 3);
  await stageFailures(pool, { project: project.id, endpoint: paused }, 4);
  await call('DELETE', `/v1/endpoints/${deleted}`);
  await call('POST', `/v1/endpoints/${paused}/pause`);
  const { id } = await call<Recovery>('POST', '/v1/recoveries', { what: 'failed', since: hourAgo() });
  await eventually(async () => (await recoveryOf(id)).status === 'done');
  expect(await recoveryOf(id)).toMatchObject({ total: 7, done: 4, skipped: 3, open: 4 });
  const { items } = await call<{ items: Delivery[] }>('GET', `/v1/deliveries?endpoint=${paused}&status=held`);
  expect(items).toHaveLength(4);
});

test('what an endpoint missed is sent to it: events that match what it subscribes to now', async () => {
  const { call, newEndpoint, untilDone } = await newProject();
  const receiver = await receiverThat(200);
  const post = (event: object) => call<{ id: string }>('POST', '/v1/events', { data: 1, ...event });
  const before = await post({ type: 'order.paid', id: 'before' });
  await post({ type: 'order.paid', consumer: 'acme' });
  await post({ type: 'invoice.sent' });
  await post({ type: 'order.paid', target: { url: receiver.url, secret: `whsec_${'a'.repeat(32)}` } });
  await receiver.untilReceived(1);
  const endpoint = await newEndpoint(receiver.url, { events: ['order.*'] });
  const after = await call<{ id: string }>('POST', '/v1/events?wait=30s', { type: 'order.paid', data: 2 });
  await receiver.untilReceived(2);
  const missing = { what: 'missing', endpoint, since: hourAgo() };

  expect(await call('POST', '/v1/recoveries', { ...missing, dryRun: true })).toMatchObject({
    matches: 1,
    endpoints: 1,
  });
  const { id } = await call<Recovery>('POST', '/v1/recoveries', missing);
  expect(await untilDone(id)).toMatchObject({ total: 1, done: 1, delivered: 1 });
  const { items } = await call<{ items: Delivery[] }>('GET', `/v1/deliveries?endpoint=${endpoint}`);
  expect(items).toMatchObject([
    { event: before.id, status: 'delivered', replayOf: null },
    { event: after.id },
  ]);
  expect(await call('GET', '/v1/events/before')).toMatchObject({ status: 'delivered', deliveryCount: 1 });

  await call('PATCH', `/v1/endpoints/${endpoint}`, { events: ['*'] });
  expect(await call('POST', '/v1/recoveries', { ...missing, dryRun: true })).toMatchObject({ matches: 1 });
  expect(
    await call('POST', '/v1/recoveries', { ...missing, type: 'order.paid', dryRun: true }),
  ).toMatchObject({
    matches: 0,
  });
});

test('an event that was missed and does not match the filter of the endpoint is skipped', async () => {
  const { call, newEndpoint, untilDone } = await newProject();
  const receiver = await receiverThat(200);
  for (const [id, amount] of [
    ['small', 5],
    ['large', 500],
  ])
    await call('POST', '/v1/events', { id, type: 'order.paid', data: { amount } });
  const filter = { properties: { data: { properties: { amount: { minimum: 100 } } } } };
  const endpoint = await newEndpoint(receiver.url, { filter });
  const { id } = await call<Recovery>('POST', '/v1/recoveries', {
    what: 'missing',
    endpoint,
    since: hourAgo(),
  });
  expect(await untilDone(id)).toMatchObject({ total: 2, done: 1, skipped: 1, delivered: 1 });
  const { items } = await call<{ items: Delivery[] }>('GET', `/v1/deliveries?endpoint=${endpoint}`);
  expect(items).toMatchObject([{ event: 'large' }]);
});

test('a consumer recovers its own deliveries only', async () => {
  const { project, call, newEndpoint } = await newProject();
  const consumerKey = (await call<{ key: string }>('POST', '/v1/keys', { consumer: 'acme' })).key;
  const own = await newEndpoint('http://127.0.0.1:9/a');
  const acme = await newEndpoint('http://127.0.0.1:9/b', { consumer: 'acme' });
  const { pool } = posthorn.database;
  const ids = await stageFailures(pool, { project: project.id, endpoint: own }, 2);
  await stageFailures(pool, { project: project.id, endpoint: acme, consumer: 'acme' }, 3);
  const asConsumer = (body: object) =>
    posthorn.client.call('POST', '/v1/recoveries', { key: consumerKey, body: { ...body, dryRun: true } });
  const failed = { what: 'failed', since: hourAgo() };
  expect((await asConsumer(failed)).body).toMatchObject({ matches: 3 });
  expect((await asConsumer({ ...failed, consumer: 'other' })).status).toBe(404);
  expect((await asConsumer({ ...failed, endpoint: own })).body).toMatchObject({ matches: 0 });
  expect((await asConsumer({ deliveries: ids })).body).toMatchObject({ matches: 0 });
  expect((await asConsumer({ what: 'missing', since: hourAgo(), endpoint: own })).status).toBe(404);

  const job = await call<Recovery>('POST', '/v1/recoveries', failed);
  const read = await posthorn.client.call('GET', `/v1/recoveries/${job.id}`, { key: consumerKey });
  expect(read.status).toBe(404);
});

test('a body that contradicts itself is refused', async () => {
  const { project } = await newProject();
  const refusals: [object, string][] = [
    [{ what: 'failed' }, '/since'],
    [{ since: hourAgo() }, '/what'],
    [{ what: 'missing', since: hourAgo() }, '/endpoint'],
    [{ what: 'missing', since: hourAgo(), endpoint: 'ep_1', statusCode: 500 }, '/statusCode'],
    [{ deliveries: ['dlv_1'], since: hourAgo() }, '/since'],
    [{ what: 'missing', deliveries: ['dlv_1'] }, '/what'],
    [{ what: 'failed', since: hourAgo(), rate: 1_001 }, '/rate'],
  ];
  for (const [body, pointer] of refusals) {
    const response = await posthorn.client.call('POST', '/v1/recoveries', { key: project.key, body });
    expect(response).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
  }
});
