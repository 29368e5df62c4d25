import { pendingResponse } from '../../receivers/pending-response.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { SECRET } from '../../set-up/targets.ts';
import {
  type Delivery,
  type Event,
  startTestPosthorn,
  type TestPosthorn,
} from '../../set-up/test-posthorn.ts';

const EXPIRED = { status: 'undeliverable', reason: 'expired' };

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();
beforeAll(async () => {
  posthorn = await startTestPosthorn({ settings: { maxWorkflowWaitMs: 60_000 } });
});
afterAll(() => posthorn.close());

type Expiring = Event & { expiresAt: string };
const post = async (url: string, more: object): Promise<Expiring> =>
  (await posthorn.post({ type: 'a.b', data: {}, target: { url, secret: SECRET }, ...more })) as Expiring;
const withDelays = (...delays: string[]) => posthorn.call('PATCH', '/v1/project', { policy: { delays } });
const deliveryOf = async ({ id }: { id: string }): Promise<Delivery> =>
  (await posthorn.eventOf(id)).deliveries[0]!;
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

test('a delivery that keeps failing ends when its event expires, and nothing is sent after that', async () => {
  const receiver = await receiverThat(503);
  await withDelays(...Array(20).fill('1s'));
  const event = await post(receiver.url, { ttl: '8s' });
  const settled = await posthorn.untilSettled(event.id);

  expect(settled.deliveries[0]).toMatchObject({ ...EXPIRED, lastOutcome: 'rejected' });
  const { length } = receiver.requests;
  expect(length).toBeGreaterThanOrEqual(2);
  // Another event is retried meanwhile, after the same delay.
  const other = await post((await receiverThat(503, 200)).url, {});
  expect((await posthorn.untilSettled(other.id)).status).toBe('delivered');
  expect(receiver.requests).toHaveLength(length);
  for (const { startedAt } of await posthorn.attemptsOf(settled.deliveries[0]!.id))
    expect(Date.parse(startedAt)).toBeLessThan(Date.parse(event.expiresAt) + 1_000); // from a claim to its POST
});

test.each([
  ['a timer of a workflow', '50s'],
  ['a date in Postgres', '5h'],
])('a delivery that waits for %s ends when its event expires', async (_, delay) => {
  const receiver = await receiverThat(503);
  await withDelays(delay);
  const event = await post(receiver.url, { expiresAt: inMs(15_000) });
  await eventually(async () => (await deliveryOf(event)).status === 'retrying');
  const open = await posthorn.call<{ plannedAttempts: unknown[]; expiresAt: string }>(
    'GET',
    `/v1/deliveries/${(await deliveryOf(event)).id}`,
  );
  expect(open).toMatchObject({ plannedAttempts: [], expiresAt: event.expiresAt });

  const { deliveries } = await posthorn.untilSettled(event.id);
  expect(deliveries[0]).toMatchObject({ ...EXPIRED, attempts: 1 });
  const workflow = deliveries[0]!.workflow?.id;
  if (workflow)
    await eventually(async () => {
      const { status } = await posthorn.temporal.workflow.getHandle(workflow).describe();
      return status.name !== 'RUNNING';
    });
});

test('a held delivery ends when its event expires, and is not sent when the endpoint is active again', async () => {
  const receiver = await receiverThat(200);
  const { id } = await posthorn.newEndpoint(receiver.url, { events: ['held.*'] });
  await posthorn.call('POST', `/v1/endpoints/${id}/pause`);
  const event = await posthorn.post({ type: 'held.x', data: {}, ttl: '1s' });
  expect(event.deliveries[0]!.status).toBe('held');
  expect((await posthorn.untilSettled(event.id)).deliveries[0]).toMatchObject({ ...EXPIRED, attempts: 0 });
  await posthorn.call('POST', `/v1/endpoints/${id}/resume`);
  expect(receiver.requests).toHaveLength(0);
});

test('an event that has expired before it is posted is stored and not sent', async () => {
  const receiver = await receiverThat(200);
  const event = await post(receiver.url, { expiresAt: '2020-01-01T00:00:00+01:00' });
  expect(event.expiresAt).toBe('2019-12-31T23:00:00.000Z');
  expect((await posthorn.untilSettled(event.id)).deliveries[0]).toMatchObject({ ...EXPIRED, attempts: 0 });
  expect(receiver.requests).toHaveLength(0);
});

test('an event is sent as usual before it expires', async () => {
  const receiver = await receiverThat(503, 200);
  await withDelays('1s');
  const event = await post(receiver.url, { ttl: '30d' });
  expect((await posthorn.untilSettled(event.id)).status).toBe('delivered');
  expect(receiver.requests).toHaveLength(2);
});

test('an attempt in flight when its event expires may still deliver it', async () => {
  const { step, respond } = pendingResponse();
  const receiver = await receiverThat(step);
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: [], timeout: '60s' } });
  const event = await post(receiver.url, { ttl: '15s' });
  await receiver.untilReceived(1);
  await eventually(() => Date.now() > Date.parse(event.expiresAt) + 500);
  respond(200);
  expect((await posthorn.untilSettled(event.id)).status).toBe('delivered');
});

test('a delivery of an expired event can be neither retried nor sent to another endpoint', async () => {
  const receiver = await receiverThat(200);
  const event = await post(receiver.url, { expiresAt: inMs(-1_000) });
  const { deliveries } = await posthorn.untilSettled(event.id);
  const { key } = posthorn.project;
  const call = (path: string, body?: object) => posthorn.client.call('POST', path, { key, body });
  const refused = { status: 409, body: { code: 'event_expired' } };
  expect(await call(`/v1/deliveries/${deliveries[0]!.id}/retry`)).toMatchObject(refused);
  const { id } = await posthorn.newEndpoint(receiver.url, { events: ['none'] });
  expect(await call(`/v1/events/${event.id}/deliveries`, { endpoint: id })).toMatchObject(refused);
});

test('the same time to live is the same content, and another one is not', async () => {
  const receiver = await receiverThat(200);
  const first = await post(receiver.url, { id: 'ttl_1', ttl: '60s' });
  expect(await post(receiver.url, { id: 'ttl_1', ttl: '1m' })).toMatchObject({ expiresAt: first.expiresAt });
  const batch = await posthorn.call<{ items: Expiring[] }>('POST', '/v1/events/batch', {
    events: [
      { id: 'ttl_1', type: 'a.b', data: {}, target: { url: receiver.url, secret: SECRET }, ttl: '60s' },
    ],
  });
  expect(batch.items).toMatchObject([{ expiresAt: first.expiresAt }]);
  for (const other of [{ ttl: '61s' }, {}, { expiresAt: first.expiresAt }])
    await expect(post(receiver.url, { id: 'ttl_1', ...other })).rejects.toThrow('409');
});

test.each([
  [{ ttl: '1m', expiresAt: '2030-01-01T00:00:00Z' }, '/ttl'],
  [{ ttl: '0s' }, '/ttl'],
  [{ ttl: '31d' }, '/ttl'],
  [{ ttl: 60 }, '/ttl'],
  [{ expiresAt: '2030-01-01' }, '/expiresAt'],
  [{ expiresAt: '2030-02-31T00:00:00Z' }, '/expiresAt'],
])('an event with %j is refused', async (more, pointer) => {
  const { key } = posthorn.project;
  const body = { type: 'a.b', data: {}, ...more };
  expect(await posthorn.client.call('POST', '/v1/events', { key, body })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer }] },
  });
});

test('only open deliveries that expire are in the index of the search for expired ones', async () => {
  const { rows } = await posthorn.database.pool.query(
    `SELECT pg_get_expr(indpred, indrelid) AS predicate FROM pg_index WHERE indexrelid = 'deliveries_expiring'::regclass`,
  );
  expect(rows[0].predicate).toMatch(/open_expires_at IS NOT NULL/);
});
