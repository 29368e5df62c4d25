import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { SECRET } from '../../set-up/targets.ts';
import {
  type Delivery,
  type Event,
  startTestPosthorn,
  type TestPosthorn,
} from '../../set-up/test-posthorn.ts';

/** Longer than 2 s, for which a workflow waits here. */
const LONG = '4s';
const HOURS = '5h';
/** A retry that its time does not start is found by the reconciler, at least 5 s late. */
const LATE_MS = 4_000;

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();
beforeAll(async () => {
  posthorn = await startTestPosthorn({ settings: { maxWorkflowWaitMs: 2_000 } });
});
afterAll(() => posthorn.close());

const deliveryOf = async ({ id }: { id: string }): Promise<Delivery> =>
  (await posthorn.eventOf(id)).deliveries[0]!;
const ownerOf = async (id: string): Promise<string | null> =>
  (await posthorn.database.pool.query('SELECT owner FROM deliveries WHERE id = $1', [id])).rows[0].owner;

/** Posts an event under a policy, and waits until its first attempt has failed and it waits in Postgres. */
async function postFailing(url: string, delays: string[]): Promise<Delivery> {
  await posthorn.call('PATCH', '/v1/project', { policy: { delays, timeout: '1s' } });
  const event: Event = await posthorn.post({ type: 'a.b', data: {}, target: { url, secret: SECRET } });
  await eventually(async () => (await deliveryOf(event)).status === 'retrying');
  const delivery = await deliveryOf(event);
  await eventually(async () => (await ownerOf(delivery.id)) === 'schedule');
  return delivery;
}

test('a retry that is further away than a workflow waits is made at its time by another workflow, and the first one has ended', async () => {
  const receiver = await receiverThat(503, 200);
  const delivery = await postFailing(receiver.url, [LONG, '1s']);
  const first = delivery.workflow!.id;
  if (first !== null) {
    const handle = posthorn.temporal.workflow.getHandle(first);
    await expect(handle.result()).resolves.toEqual({
      delivered: 0,
      undeliverable: 0,
      cancelled: 0,
      released: 1,
    });
  }

  const event = await posthorn.untilSettled(delivery.event);

  expect(event.status).toBe('delivered');
  const [before, after] = receiver.requests;
  expect(after!.receivedAt - before!.receivedAt).toBeGreaterThanOrEqual(4_000);
  expect(after!.receivedAt - before!.receivedAt).toBeLessThan(4_000 + LATE_MS);
  expect(event.deliveries[0]!.workflow!.id).not.toBe(first);
  expect(await posthorn.attemptsOf(delivery.id)).toMatchObject([
    { number: 1, step: 0, outcome: 'rejected' },
    { number: 2, step: 1, outcome: 'delivered', trigger: 'schedule' },
  ]);
});

test('a short retry after a long one waits in a workflow again', async () => {
  const receiver = await receiverThat(503, 503, 200);
  const delivery = await postFailing(receiver.url, [LONG, '2s']);
  await eventually(async () => (await deliveryOf({ id: delivery.event })).attempts === 2);
  expect(await ownerOf(delivery.id)).toMatch(/^(event|group)\//);
  expect((await posthorn.untilSettled(delivery.event)).status).toBe('delivered');
});

test('a retry that waits for hours is made at once on request', async () => {
  const receiver = await receiverThat(503, 200);
  const { id, event } = await postFailing(receiver.url, [HOURS]);
  await posthorn.call('POST', `/v1/deliveries/${id}/retry`);
  expect((await posthorn.untilSettled(event)).status).toBe('delivered');
  expect(await posthorn.attemptsOf(id)).toMatchObject([{}, { step: 1, trigger: 'manual' }]);
});

test('a retry that waits for hours can be cancelled', async () => {
  const receiver = await receiverThat(503);
  const { id, event } = await postFailing(receiver.url, [HOURS]);
  await posthorn.call('POST', `/v1/deliveries/${id}/cancel`);
  expect((await posthorn.eventOf(event)).status).toBe('cancelled');
});

test('deleting an endpoint cancels the retries that wait for hours', async () => {
  const receiver = await receiverThat(503);
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: [HOURS] } });
  const { id } = await posthorn.newEndpoint(receiver.url);
  const event = await posthorn.post({ type: 'a.b', data: {} });
  await eventually(async () => (await ownerOf((await deliveryOf(event)).id)) === 'schedule');
  await posthorn.call('DELETE', `/v1/endpoints/${id}`);
  expect((await posthorn.eventOf(event.id)).deliveries[0]).toMatchObject({ reason: 'endpoint_deleted' });
});

test('a retry whose time comes while its endpoint is paused is held, and made after the pause', async () => {
  const receiver = await receiverThat(503, 200);
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: [LONG], timeout: '1s' } });
  const { id } = await posthorn.newEndpoint(receiver.url);
  const event = await posthorn.post({ type: 'a.b', data: {} });
  await eventually(async () => (await ownerOf((await deliveryOf(event)).id)) === 'schedule');
  await posthorn.call('POST', `/v1/endpoints/${id}/pause`);
  await eventually(async () => (await deliveryOf(event)).status === 'held');
  expect(receiver.requests).toHaveLength(1);
  await posthorn.call('POST', `/v1/endpoints/${id}/resume`);
  expect((await posthorn.untilSettled(event.id)).status).toBe('delivered');
  await posthorn.call('DELETE', `/v1/endpoints/${id}`);
});
