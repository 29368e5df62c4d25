import { createLogger } from '../../../src/observability/log.ts';
import { startService } from '../../../src/service/start-service.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { mostWithin } from '../../set-up/most-within.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { displacement, hasGate, permitsOf, postBatch, postInOrder, receivedIds } from './control-set-up.ts';

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

/** Permits within a second at 20 a second, when half a second that was lost is made up for. */
const MOST_WITHIN_A_SECOND = 20 + 10 + 1;
/**
 * How much longer a backlog may take than at its rate: a busy machine gives fewer permits. test/store/receivers/held-rate has
 * the exact bound.
 */
const MUCH_LONGER = 3;

const call = (method: string, path: string, body?: object) =>
  posthorn.call<{ id: string }>(method, path, body);

test('what was held during a pause goes out at 20 a second, the oldest first, and new events do not wait for it', async () => {
  const receiver = await receiverThat(200);
  const { id } = await posthorn.newEndpoint(receiver.url, { events: ['drain.pause'] });
  await call('POST', `/v1/endpoints/${id}/pause`);
  const ids = await postInOrder(posthorn, 'drain.pause', 80);

  const resumedAt = Date.now();
  await call('POST', `/v1/endpoints/${id}/resume`);
  await receiver.untilReceived(5);
  // What was received is recorded a moment later.
  await eventually(async () => (await posthorn.eventOf(ids[0]!)).status === 'delivered');
  const last = await posthorn.eventOf(ids.at(-1)!);
  expect(last.deliveries).toMatchObject([
    { status: 'pending', attempts: 0, waitingFor: 'rate', waitingUntil: null },
  ]);
  const { id: live } = await posthorn.post({ type: 'drain.pause', data: {} });
  await posthorn.untilSettled(live);
  expect((await posthorn.eventOf(ids.at(-1)!)).status).toBe('pending');
  await receiver.untilReceived(81);

  const tookMs = receiver.requests.at(-1)!.receivedAt - resumedAt;
  expect(tookMs).toBeGreaterThan(79 * 50);
  expect(tookMs).toBeLessThan(79 * 50 * MUCH_LONGER);
  expect(mostWithin(await permitsOf(posthorn, 'drain.pause'), 1_000)).toBeLessThanOrEqual(
    MOST_WITHIN_A_SECOND,
  );
  receiver.requests.splice(receivedIds(receiver).indexOf(live), 1);
  expect(displacement(receiver, ids)).toBeLessThanOrEqual(10);
  await eventually(async () => !(await hasGate(posthorn, id)));
});

test('a backlog goes out at the rate of its endpoint, and the limit stays when the backlog is gone', async () => {
  const receiver = await receiverThat(200);
  const rate = { limit: 50, per: 'second' };
  const { id } = await posthorn.newEndpoint(receiver.url, { events: ['drain.rate'], rate });
  await call('POST', `/v1/endpoints/${id}/pause`);
  await postBatch(posthorn, 'drain.rate', 150);

  const resumedAt = Date.now();
  await call('POST', `/v1/endpoints/${id}/resume`);
  await receiver.untilReceived(150);

  const tookMs = receiver.requests.at(-1)!.receivedAt - resumedAt;
  expect(tookMs).toBeGreaterThan(149 * 20);
  expect(tookMs).toBeLessThan(149 * 20 * MUCH_LONGER);
  await eventually(async () => {
    const { rows } = await posthorn.database.pool.query(
      'SELECT rate, drain_rate FROM receiver_gates WHERE receiver = $1',
      [id],
    );
    return rows[0].rate === 50 && rows[0].drain_rate === null;
  });
});

test('what was held by a plan goes out at 20 a second when the plan includes webhooks again', async () => {
  const receiver = await receiverThat(200);
  await call('PUT', '/v1/consumers/acme', { plan: 'pro' });
  const { id } = await posthorn.newEndpoint(receiver.url, { events: ['drain.plan'], consumer: 'acme' });
  await call('POST', `/v1/endpoints/${id}/pause`);
  const events = Array.from({ length: 60 }, () => ({ type: 'drain.plan', data: {}, consumer: 'acme' }));
  await call('POST', '/v1/events/batch', { events });
  await call('PATCH', '/v1/project', { plans: ['business'] });
  await call('POST', `/v1/endpoints/${id}/resume`);
  const listed = () =>
    posthorn.call<{ items: { waitingFor: string }[] }>('GET', `/v1/deliveries?endpoint=${id}&limit=200`);
  await eventually(async () => (await listed()).items.every(({ waitingFor }) => waitingFor === 'plan'));
  expect(receiver.requests).toHaveLength(0);

  await call('PATCH', '/v1/project', { plans: null });
  await receiver.untilReceived(60);

  const permits = await permitsOf(posthorn, 'drain.plan');
  expect(mostWithin(permits, 1_000)).toBeLessThanOrEqual(MOST_WITHIN_A_SECOND);
  expect(permits.at(-1)! - permits[0]!).toBeGreaterThan(59 * 50 - 550);
  await eventually(async () => !(await hasGate(posthorn, id)));
});

test("a second's worth of held deliveries goes out at once", async () => {
  const receiver = await receiverThat(200);
  const { id } = await posthorn.newEndpoint(receiver.url, { events: ['drain.few'] });
  await call('POST', `/v1/endpoints/${id}/pause`);
  await postBatch(posthorn, 'drain.few', 20);

  await call('POST', `/v1/endpoints/${id}/resume`);
  expect(await hasGate(posthorn, id)).toBe(false);
  await receiver.untilReceived(20);
});

test('after ten minutes without workers each receiver gets what is left over at 20 a second', async () => {
  const busy = await receiverThat(200);
  const quiet = await receiverThat(200);
  const api = await startTestPosthorn({ roles: { api: true, worker: false } });
  const { id } = await api.newEndpoint(busy.url, { events: ['drain.outage'] });
  await api.newEndpoint(quiet.url, { events: ['drain.quiet'] });
  // More than are given to workflows while there is no worker: so some wait with their workflows, and some in Postgres.
  const ids = await postBatch(api, 'drain.outage', 100);
  await postBatch(api, 'drain.quiet', 3);
  await eventually(async () => {
    const { rows } = await api.database.pool.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM deliveries WHERE owner IS NULL',
    );
    return rows[0]!.n === 0;
  });
  await api.database.pool.query(`
    UPDATE deliveries SET due_at = due_at - interval '10 minutes',
                          owner = CASE WHEN right(id, 1) < 'g' THEN owner END`);

  const startedAt = Date.now();
  const log = createLogger({ level: 'silent', name: 'test' });
  const worker = await startService(api.config, { api: false, worker: true }, { log });
  await busy.untilReceived(100);

  expect(mostWithin(await permitsOf(api, 'drain.outage'), 1_000)).toBeLessThanOrEqual(MOST_WITHIN_A_SECOND);
  expect(busy.requests.at(-1)!.receivedAt - startedAt).toBeGreaterThan(99 * 50 * 0.9);
  expect(new Set(receivedIds(busy))).toEqual(new Set(ids));
  expect(busy.requests).toHaveLength(100);
  await quiet.untilReceived(3);
  await eventually(async () => !(await hasGate(api, id)));
  await worker.close();
  await api.close();
});
