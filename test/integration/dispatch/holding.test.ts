import type { ScriptStep } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { untilWaiting } from '../../replay/scenarios.ts';
import { eventually } from '../../set-up/eventually.ts';
import {
  type Delivery,
  type Event,
  startTestPosthorn,
  type TestPosthorn,
} from '../../set-up/test-posthorn.ts';

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();
let types = 0;

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

/** An endpoint of a type of its own, at a receiver that answers by the script. */
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

/** A step that answers when told to. */
function held(): { step: ScriptStep; answer: (status: number) => void } {
  const { promise, resolve } = Promise.withResolvers<number>();
  const step: ScriptStep = async (_request, response) => {
    response.writeHead(await promise).end();
  };
  return { step, answer: resolve };
}

const deliveryOf = async ({ id }: { id: string }): Promise<Delivery> =>
  (await posthorn.eventOf(id)).deliveries[0]!;

const untilIs = (status: string, event: Event): Promise<void> =>
  eventually(async () => (await deliveryOf(event)).status === status);

/** Until the delivery, and the workflow itself, wait for the retry. */
async function untilRetrying(event: Event): Promise<Delivery> {
  await untilIs('retrying', event);
  const delivery = await deliveryOf(event);
  await untilWaiting(posthorn, delivery.workflow!.id, delivery.id, 1);
  return delivery;
}

const steer = async (action: 'retry' | 'cancel', { id }: { id: string }) => {
  const { key } = posthorn.project;
  const { status, body } = await posthorn.client.call('POST', `/v1/deliveries/${id}/${action}`, { key });
  return { status, body: body as { code?: string } };
};

test('a pause holds what comes due and what is posted, and after it all goes on where it was', async () => {
  const { receiver, post, act } = await subscribed(500, 200);
  const tried = await post();
  const delivery = await untilRetrying(tried);

  expect(await act('pause')).toMatchObject({ status: 200, body: { status: 'paused' } });
  expect(await deliveryOf(tried)).toMatchObject({ status: 'retrying' });
  await steer('retry', delivery);
  await untilIs('held', tried);
  const born = await post();

  expect(await deliveryOf(tried)).toMatchObject({
    attempts: 1,
    nextAttemptAt: null,
    waitingFor: 'endpoint_paused',
  });
  expect(born).toMatchObject({
    status: 'pending',
    deliveries: [{ status: 'held', attempts: 0, nextAttemptAt: null, waitingFor: 'endpoint_paused' }],
  });
  expect(await steer('retry', delivery)).toMatchObject({ status: 409, body: { code: 'delivery_held' } });
  expect(receiver.requests).toHaveLength(1);

  expect(await act('resume')).toMatchObject({ status: 200, body: { status: 'active' } });
  for (const event of [tried, born]) {
    expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered' });
  }
  expect(await posthorn.attemptsOf(delivery.id)).toMatchObject([
    { number: 1, step: 0, outcome: 'rejected' },
    { number: 2, step: 1, outcome: 'delivered' },
  ]);
  expect(await deliveryOf(born)).toMatchObject({ attempts: 1, waitingFor: null });
  expect(receiver.requests).toHaveLength(3);
});

test('a POST that is under way ends as it ends; what it left open is held when it comes due', async () => {
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['1s', '1s'] } });
  const [good, bad] = [held(), held()];
  const { receiver, post, act } = await subscribed(good.step, bad.step, 200);
  const first = await post();
  await receiver.untilReceived(1);
  const second = await post();
  await receiver.untilReceived(2);

  await act('disable');
  good.answer(200);
  bad.answer(503);

  expect(await posthorn.untilSettled(first.id)).toMatchObject({ status: 'delivered' });
  await untilIs('held', second);
  expect(await deliveryOf(second)).toMatchObject({ attempts: 1, waitingFor: 'endpoint_disabled' });
  await act('enable');
  expect(await posthorn.untilSettled(second.id)).toMatchObject({ deliveries: [{ attempts: 2 }] });
  await posthorn.call('PATCH', '/v1/project', { policy: null });
});

test('what is held can be cancelled, and is not sent when the pause is over', async () => {
  const { receiver, post, act } = await subscribed(200);
  await act('pause');
  const events = [await post(), await post()];
  const delivery = await deliveryOf(events[0]!);

  expect(await steer('cancel', delivery)).toMatchObject({ status: 202 });
  await act('resume');

  expect(await posthorn.untilSettled(events[1]!.id)).toMatchObject({ status: 'delivered' });
  expect(await posthorn.eventOf(events[0]!.id)).toMatchObject({
    status: 'cancelled',
    deliveries: [{ reason: 'cancelled', waitingFor: null }],
  });
  expect(receiver.requests).toHaveLength(1);
});

test('a retry of a final delivery is held, too, while its endpoint is paused', async () => {
  const { post, act } = await subscribed(200);
  const event = await post();
  await posthorn.untilSettled(event.id);
  await act('pause');

  expect(await steer('retry', await deliveryOf(event))).toMatchObject({ status: 201 });
  await eventually(async () => (await posthorn.eventOf(event.id)).deliveries[1]?.status === 'held');
  await act('resume');
  expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered', deliveryCount: 2 });
});

test('each action twice is as once, and only the right one leads out of a status', async () => {
  const { act } = await subscribed(200);
  const statuses = async (...actions: string[]) => {
    const answers = [];
    for (const action of actions) {
      const { status, body } = await act(action);
      answers.push(status === 200 ? body.status : body.code);
    }
    return answers;
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
    const answer = await posthorn.client.call('POST', `/v1/endpoints/${id}/${action}`, { key });
    expect(answer).toMatchObject({ status: 200, body: { id, consumer: 'acme', status } });
  }
});

test('pausing and resuming while events are posted loses none and sends none twice', async () => {
  const { receiver, post, act } = await subscribed(200);
  let over = false;
  const toggling = (async () => {
    while (!over) for (const action of ['pause', 'resume', 'disable', 'enable']) await act(action);
  })();
  const events: Event[] = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let n = 0; n < 25; n++) events.push(await post());
    }),
  );
  over = true;
  await toggling;

  for (const { id } of events) expect(await posthorn.untilSettled(id)).toMatchObject({ status: 'delivered' });
  const sent = receiver.requests.map(({ headers }) => headers['webhook-id']);
  expect(sent.sort()).toEqual(events.map(({ id }) => id).sort());
});
