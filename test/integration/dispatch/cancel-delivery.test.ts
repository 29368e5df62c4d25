import { setTimeout as sleep } from 'node:timers/promises';
import { pendingResponse } from '../../receivers/pending-response.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventTo } from '../../set-up/targets.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import {
  deliveryOf,
  makeHeldDelivery,
  partsPerTest,
  postUntilRetrying,
  sendCommand,
  startWorker,
} from './delivery-commands-set-up.ts';

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();
const { closers, startApi } = partsPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

test('a cancel of a delivery that no worker has claimed prevents its attempt', async () => {
  const api = await startApi();
  const receiver = await receiverThat(200);
  const event = await api.post(eventTo(receiver));
  const delivery = await deliveryOf(api, event);

  expect(await sendCommand(api, 'cancel', delivery)).toMatchObject({
    status: 202,
    body: { status: 'cancelled' },
  });

  const next = await api.post(eventTo(receiver));
  const worker = await startWorker(api);
  closers.push(worker.close);
  await api.untilSettled(next.id);
  expect(await deliveryOf(api, event)).toMatchObject({ status: 'cancelled', attempts: 0 });
  expect(receiver.requests).toHaveLength(1);
});

test('a cancel of a waiting delivery ends it and its workflow', async () => {
  const receiver = await receiverThat(500);
  const { event, delivery } = await postUntilRetrying(posthorn, eventTo(receiver));

  expect(await sendCommand(posthorn, 'cancel', delivery)).toMatchObject({
    status: 202,
    body: { status: 'cancelled' },
  });

  expect(await posthorn.eventOf(event.id)).toMatchObject({
    status: 'cancelled',
    deliveries: [{ reason: 'cancelled', attempts: 1, nextAttemptAt: null }],
  });
  expect(await posthorn.temporal.workflow.getHandle(delivery.workflow!.id).result()).toMatchObject({
    cancelled: 1,
  });
});

test('a cancel of a held delivery ends it', async () => {
  const { delivery, endpoint } = await makeHeldDelivery(posthorn, await receiverThat(500));
  closers.push(() => posthorn.call('DELETE', `/v1/endpoints/${endpoint.id}`));

  expect(await sendCommand(posthorn, 'cancel', delivery)).toMatchObject({
    status: 202,
    body: { status: 'cancelled' },
  });
});

test.each([
  { responded: 200, status: 'delivered', reason: null },
  { responded: 500, status: 'cancelled', reason: 'cancelled' },
])(
  'a cancel during a POST with the response $responded makes the delivery $status',
  async ({ responded, status, reason }) => {
    const { step, respond } = pendingResponse();
    const receiver = await receiverThat(step);
    const event = await posthorn.post(eventTo(receiver));
    await receiver.untilReceived(1);
    const delivery = await deliveryOf(posthorn, event);

    expect(await sendCommand(posthorn, 'cancel', delivery)).toMatchObject({ status: 202 });
    respond(responded);

    expect(await posthorn.untilSettled(event.id)).toMatchObject({
      status,
      deliveries: [{ status, reason, attempts: 1 }],
    });
    const workflowId = delivery.workflow?.id;
    if (workflowId) await posthorn.temporal.workflow.getHandle(workflowId).result();
    expect(receiver.requests).toHaveLength(1);
  },
);

test('a cancel of a final delivery is a conflict', async () => {
  const event = await posthorn.post(eventTo(await receiverThat(200)));
  await posthorn.untilSettled(event.id);

  expect(await sendCommand(posthorn, 'cancel', await deliveryOf(posthorn, event))).toMatchObject({
    status: 409,
    body: { code: 'delivery_final' },
  });
});

test('after a cancel is confirmed, no attempt starts later than a second', async () => {
  const { promise: cancelled, resolve: respondToRest } = Promise.withResolvers<void>();
  const receiver = await receiverThat(async ({ path }, response) => {
    if (Number(path.slice(1)) % 4 === 0) await cancelled; // these are under way when they are cancelled
    response.writeHead(200).end();
  });
  const racing = Array.from({ length: 60 }, async (_, n) => {
    const event = await posthorn.post(eventTo({ url: `${receiver.url}${n}` }));
    await sleep(n % 12); // spread over the time from the start to the record
    const { status } = await sendCommand(posthorn, 'cancel', await deliveryOf(posthorn, event));
    return { event, status, path: `/${n}`, confirmedAt: Date.now() };
  });
  const cancels = await Promise.all(racing);
  respondToRest();

  for (const { event, status, path, confirmedAt } of cancels) {
    const settled = await posthorn.untilSettled(event.id);
    const sent = receiver.requests.filter((request) => request.path === path);
    expect(sent.length).toBe(settled.status === 'delivered' ? 1 : 0);
    if (status === 409) expect(settled.status).toBe('delivered');
    // A busy receiver reads a request later than it was sent.
    const attempts = await posthorn.attemptsOf(settled.deliveries[0]!.id);
    expect(attempts).toHaveLength(sent.length);
    for (const { startedAt } of attempts)
      expect(Date.parse(startedAt)).toBeLessThanOrEqual(confirmedAt + 1_000);
  }
  expect(new Set(cancels.map(({ status }) => status))).toContain(202);
});
