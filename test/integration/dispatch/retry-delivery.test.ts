import { pendingResponse } from '../../receivers/pending-response.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventTo } from '../../set-up/targets.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import {
  deliveryOf,
  makeHeldDelivery,
  partsPerTest,
  postUntilRetrying,
  sendCommand,
  startWorker,
  untilStatus,
} from './delivery-commands-set-up.ts';

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();
const { closers, startApi } = partsPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

test('a retry brings forward the next attempt of a waiting delivery, at its own step', async () => {
  const { event, delivery } = await postUntilRetrying(posthorn, eventTo(await receiverThat(500, 200)));

  expect(await sendCommand(posthorn, 'retry', delivery)).toMatchObject({ status: 202 });

  await untilStatus(posthorn, event, 'delivered');
  expect(await posthorn.attemptsOf(delivery.id)).toMatchObject([
    { number: 1, step: 0, trigger: 'schedule' },
    { number: 2, step: 1, trigger: 'manual' },
  ]);
});

test('a retry of a delivery that no worker has claimed makes no second attempt', async () => {
  const api = await startApi();
  const receiver = await receiverThat(200);
  const event = await api.post(eventTo(receiver));

  expect(await sendCommand(api, 'retry', await deliveryOf(api, event))).toMatchObject({ status: 202 });

  const worker = await startWorker(api);
  closers.push(worker.close);
  expect(await api.untilSettled(event.id)).toMatchObject({ deliveries: [{ attempts: 1 }] });
  expect(receiver.requests).toHaveLength(1);
});

test('a retry during a POST makes no second attempt', async () => {
  const { step, respond } = pendingResponse();
  const receiver = await receiverThat(step);
  const event = await posthorn.post(eventTo(receiver));
  await receiver.untilReceived(1);
  const delivery = await deliveryOf(posthorn, event);

  expect(await sendCommand(posthorn, 'retry', delivery)).toMatchObject({ status: 202 });
  respond(500);

  await untilStatus(posthorn, event, 'retrying');
  const { nextAttemptAt } = await deliveryOf(posthorn, event);
  expect(Date.parse(nextAttemptAt!) - Date.now()).toBeGreaterThan(50_000);
  expect(receiver.requests).toHaveLength(1);
});

test('a retry requested while another delivery of the group is in flight is made after its response', async () => {
  const quick = await receiverThat(500, 200);
  const { step, respond } = pendingResponse();
  const slow = await receiverThat(step);
  const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', {
    events: [eventTo(quick), eventTo(slow)],
  });
  await slow.untilReceived(1);
  await untilStatus(posthorn, items[0]!, 'retrying');

  await sendCommand(posthorn, 'retry', await deliveryOf(posthorn, items[0]!));
  respond(200);

  expect(await posthorn.untilSettled(items[0]!.id, 30_000)).toMatchObject({ status: 'delivered' });
  expect(await posthorn.attemptsOf((await deliveryOf(posthorn, items[0]!)).id)).toMatchObject([
    { trigger: 'schedule' },
    { trigger: 'manual' },
  ]);
});

test('a retry of a delivery whose workflow was terminated continues in another workflow', async () => {
  const { event, delivery } = await postUntilRetrying(posthorn, eventTo(await receiverThat(500, 200)));
  await posthorn.temporal.workflow.getHandle(delivery.workflow!.id).terminate();

  expect(await sendCommand(posthorn, 'retry', delivery)).toMatchObject({ status: 202 });

  expect(await posthorn.untilSettled(event.id, 30_000)).toMatchObject({ status: 'delivered' });
  const { workflow, attempts } = await deliveryOf(posthorn, event);
  expect(workflow!.id).toMatch(/\/[0-9a-f-]{36}$/);
  expect(workflow!.id).not.toBe(delivery.workflow!.id);
  expect(attempts).toBe(2);
});

test('a retry of a held delivery is a conflict', async () => {
  const { delivery, endpoint } = await makeHeldDelivery(posthorn, await receiverThat(500));
  closers.push(() => posthorn.call('DELETE', `/v1/endpoints/${endpoint.id}`));

  expect(await sendCommand(posthorn, 'retry', delivery)).toMatchObject({
    status: 409,
    body: { code: 'delivery_held' },
  });
});

test('a retry of a settled delivery to a paused endpoint makes one that is held, and is sent when the endpoint is resumed', async () => {
  const receiver = await receiverThat(200);
  const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['retry.paused'] });
  closers.push(() => posthorn.call('DELETE', `/v1/endpoints/${endpoint.id}`));
  const event = await posthorn.post({ type: 'retry.paused', data: {} });
  await posthorn.untilSettled(event.id);
  const first = await deliveryOf(posthorn, event);
  await posthorn.call('POST', `/v1/endpoints/${endpoint.id}/pause`);

  const { status, body: again } = await sendCommand(posthorn, 'retry', first);

  expect(status).toBe(201);
  expect(again).toMatchObject({
    ...{ replayOf: first.id, status: 'held', attempts: 0 },
    ...{ waitingFor: 'endpoint_paused', waitingUntil: null, nextAttemptAt: null },
  });
  expect(await posthorn.eventOf(event.id)).toMatchObject({ status: 'pending', deliveryCount: 2 });
  expect(await sendCommand(posthorn, 'retry', again)).toMatchObject({
    status: 409,
    body: { code: 'delivery_held' },
  });
  expect(receiver.requests).toHaveLength(1);
  await posthorn.call('POST', `/v1/endpoints/${endpoint.id}/resume`);
  expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered' });
  expect(await posthorn.attemptsOf(again.id)).toMatchObject([{ number: 1, step: 0, trigger: 'manual' }]);
  expect(receiver.requests).toHaveLength(2);
});

test.each([
  { script: [500, 200], was: 'undeliverable', becomes: 'delivered', event: 'undeliverable' },
  { script: [200, 500], was: 'delivered', becomes: 'undeliverable', event: 'undeliverable' },
  { script: [200, 200], was: 'delivered', becomes: 'delivered', event: 'delivered' },
])(
  'a retry of a delivery that is $was makes a new delivery, and the event settles again',
  async ({ script, was, becomes, event: finalStatus }) => {
    await posthorn.call('PATCH', '/v1/project', { policy: { delays: [] } });
    closers.push(() => posthorn.call('PATCH', '/v1/project', { policy: null }));
    const { step, respond } = pendingResponse();
    const receiver = await receiverThat(script[0]!, step);
    const event = await posthorn.post(eventTo(receiver));
    expect((await posthorn.untilSettled(event.id)).status).toBe(was);
    const first = await deliveryOf(posthorn, event);

    const { status, body: again } = await sendCommand(posthorn, 'retry', first);

    expect(status).toBe(201);
    expect(again).toMatchObject({ replayOf: first.id, event: event.id, attempts: 0, status: 'pending' });
    await receiver.untilReceived(2);
    expect(await posthorn.eventOf(event.id)).toMatchObject({ status: 'pending', deliveryCount: 2 });
    respond(script[1]!);
    expect((await posthorn.untilSettled(event.id)).status).toBe(finalStatus);
    expect(await posthorn.call('GET', `/v1/deliveries/${again.id}`)).toMatchObject({ status: becomes });
    expect(await posthorn.attemptsOf(again.id)).toMatchObject([{ number: 1, step: 0, trigger: 'manual' }]);
    expect(receiver.requests[1]!.headers['webhook-id']).toBe(receiver.requests[0]!.headers['webhook-id']);
    const settled = await posthorn.database.pool.query(
      `SELECT FROM outcomes WHERE event_id = $1 AND kind = 'event.settled'`,
      [event.id],
    );
    expect(settled.rowCount).toBe(2);
  },
);

test('a retry of a settled delivery whose endpoint is deleted is a conflict', async () => {
  const receiver = await receiverThat(200);
  const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['gone.soon'] });
  const event = await posthorn.post({ type: 'gone.soon', data: {} });
  await posthorn.untilSettled(event.id);
  await posthorn.call('DELETE', `/v1/endpoints/${endpoint.id}`);

  expect(await sendCommand(posthorn, 'retry', await deliveryOf(posthorn, event))).toMatchObject({
    status: 409,
    body: { code: 'endpoint_deleted' },
  });
});
