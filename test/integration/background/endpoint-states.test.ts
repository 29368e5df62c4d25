import { pendingResponse } from '../../receivers/pending-response.ts';
import type { ScriptStep } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { deliveryOf, sendCommand, untilRetrying, untilStatus } from '../dispatch/delivery-commands-set-up.ts';

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();
let types = 0;

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

/** Makes an endpoint with an event type of its own, at a receiver that follows the script. */
async function subscribed(...script: ScriptStep[]) {
  const receiver = await receiverThat(...script);
  const type = `type.${types++}`;
  const { id } = await posthorn.newEndpoint(receiver.url, { events: [type] });
  const post = () => posthorn.post({ type, data: {} });
  const act = async (action: string) => {
    const path = `/v1/endpoints/${id}/${action}`;
    const { status, body } = await posthorn.client.call('POST', path, { key: posthorn.project.key });
    return { status, body: body as { status: string; code?: string } };
  };
  return { receiver, id, post, act };
}

test('a pause holds deliveries that come due or are posted, and after it each continues at its step', async () => {
  const { receiver, post, act } = await subscribed(500, 200);
  const tried = await post();
  const delivery = await untilRetrying(posthorn, tried);

  expect(await act('pause')).toMatchObject({ status: 200, body: { status: 'paused' } });
  expect(await deliveryOf(posthorn, tried)).toMatchObject({ status: 'retrying' });
  await sendCommand(posthorn, 'retry', delivery);
  await untilStatus(posthorn, tried, 'held');
  const initiallyHeld = await post();

  expect(await deliveryOf(posthorn, tried)).toMatchObject({
    attempts: 1,
    nextAttemptAt: null,
    waitingFor: 'endpoint_paused',
  });
  expect(initiallyHeld).toMatchObject({
    status: 'pending',
    deliveries: [{ status: 'held', attempts: 0, nextAttemptAt: null, waitingFor: 'endpoint_paused' }],
  });
  expect(await sendCommand(posthorn, 'retry', delivery)).toMatchObject({
    status: 409,
    body: { code: 'delivery_held' },
  });
  expect(receiver.requests).toHaveLength(1);

  expect(await act('resume')).toMatchObject({ status: 200, body: { status: 'active' } });
  for (const event of [tried, initiallyHeld]) {
    expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered' });
  }
  expect(await posthorn.attemptsOf(delivery.id)).toMatchObject([
    { number: 1, step: 0, outcome: 'rejected' },
    { number: 2, step: 1, outcome: 'delivered' },
  ]);
  expect(await deliveryOf(posthorn, initiallyHeld)).toMatchObject({ attempts: 1, waitingFor: null });
  expect(receiver.requests).toHaveLength(3);
});

test('a POST in flight is finished, and a delivery that it left open is held when it comes due', async () => {
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['1s', '1s'] } });
  const [good, bad] = [pendingResponse(), pendingResponse()];
  const { receiver, post, act } = await subscribed(good.step, bad.step, 200);
  const first = await post();
  await receiver.untilReceived(1);
  const second = await post();
  await receiver.untilReceived(2);

  await act('disable');
  good.respond(200);
  bad.respond(503);

  expect(await posthorn.untilSettled(first.id)).toMatchObject({ status: 'delivered' });
  await untilStatus(posthorn, second, 'held');
  expect(await deliveryOf(posthorn, second)).toMatchObject({ attempts: 1, waitingFor: 'endpoint_disabled' });
  await act('enable');
  expect(await posthorn.untilSettled(second.id)).toMatchObject({ deliveries: [{ attempts: 2 }] });
  await posthorn.call('PATCH', '/v1/project', { policy: null });
});

test('a held delivery can be cancelled and is not sent after the pause', async () => {
  const { receiver, post, act } = await subscribed(200);
  await act('pause');
  const events = [await post(), await post()];
  const delivery = await deliveryOf(posthorn, events[0]!);

  expect(await sendCommand(posthorn, 'cancel', delivery)).toMatchObject({ status: 202 });
  await act('resume');

  expect(await posthorn.untilSettled(events[1]!.id)).toMatchObject({ status: 'delivered' });
  expect(await posthorn.eventOf(events[0]!.id)).toMatchObject({
    status: 'cancelled',
    deliveries: [{ reason: 'cancelled', waitingFor: null }],
  });
  expect(receiver.requests).toHaveLength(1);
});

test('a retry of a final delivery is held while its endpoint is paused', async () => {
  const { post, act } = await subscribed(200);
  const event = await post();
  await posthorn.untilSettled(event.id);
  await act('pause');

  expect(await sendCommand(posthorn, 'retry', await deliveryOf(posthorn, event))).toMatchObject({
    status: 201,
  });
  await eventually(async () => (await posthorn.eventOf(event.id)).deliveries[1]?.status === 'held');
  await act('resume');
  expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered', deliveryCount: 2 });
});

test('each action is idempotent, and only its counterpart leaves a status', async () => {
  const { act } = await subscribed(200);
  const statuses = async (...actions: string[]) => {
    const results = [];
    for (const action of actions) {
      const { status, body } = await act(action);
      results.push(status === 200 ? body.status : body.code);
    }
    return results;
  };

  expect(await statuses('resume', 'enable', 'pause', 'pause')).toEqual([
    'active',
    'active',
    'paused',
    'paused',
  ]);
  expect(await statuses('enable')).toEqual(['endpoint_paused']);
  expect(await statuses('disable', 'disable', 'pause', 'resume')).toEqual([
    'disabled',
    'disabled',
    'endpoint_disabled',
    'endpoint_disabled',
  ]);
  expect(await statuses('enable', 'enable')).toEqual(['active', 'active']);
});

test('a consumer pauses and resumes its own endpoint with its own key', async () => {
  const { key } = await posthorn.call<{ key: string }>('POST', '/v1/keys', { consumer: 'acme' });
  const { id } = await posthorn.newEndpoint('http://127.0.0.1:9/', { consumer: 'acme', events: ['none'] });
  for (const [action, status] of [
    ['pause', 'paused'],
    ['resume', 'active'],
  ]) {
    const response = await posthorn.client.call('POST', `/v1/endpoints/${id}/${action}`, { key });
    expect(response).toMatchObject({ status: 200, body: { id, consumer: 'acme', status } });
  }
});

test('pausing and resuming while events are posted loses none and sends none twice', async () => {
  const { receiver, post, act } = await subscribed(200);
  let stopped = false;
  const toggling = (async () => {
    while (!stopped) for (const action of ['pause', 'resume', 'disable', 'enable']) await act(action);
  })();
  const events: Event[] = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let n = 0; n < 25; n++) events.push(await post());
    }),
  );
  stopped = true;
  await toggling;

  for (const { id } of events) expect(await posthorn.untilSettled(id)).toMatchObject({ status: 'delivered' });
  const sent = receiver.requests.map(({ headers }) => headers['webhook-id']);
  expect(sent.sort()).toEqual(events.map(({ id }) => id).sort());
});
