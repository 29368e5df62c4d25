import { Webhook } from 'standardwebhooks';
import type { Receiver } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { SECRET } from '../../set-up/targets.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { untilStarted } from './until-started.ts';

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

const retryWhenWaiting = async (deliveryId: string, attempts: number): Promise<void> => {
  await eventually(async () => {
    const { status, attempts: done } = await posthorn.call<{ status: string; attempts: number }>(
      'GET',
      `/v1/deliveries/${deliveryId}`,
    );
    return status === 'retrying' && done === attempts;
  });
  await posthorn.call('POST', `/v1/deliveries/${deliveryId}/retry`);
};

test('an event reaches a subscribed endpoint, signed and with its data unchanged byte for byte', async () => {
  const receiver = await receiverThat(200);
  const { secret } = await posthorn.newEndpoint(receiver.url, { events: ['render.*'] });
  const data = '{"big":12345678901234567890,"one":1.0,"text":"\\u00e9\\ud83d\\ude00"}';

  const event = await posthorn.call<{ id: string }>(
    'POST',
    '/v1/events?wait=30s',
    `{"type":"render.completed","data":${data}}`,
  );

  const [request] = receiver.requests;
  expect(request!.body.toString()).toContain(`"data":${data}`);
  expect(() =>
    new Webhook(secret).verify(request!.body.toString(), request!.headers as Record<string, string>),
  ).not.toThrow();
  const settled = await posthorn.eventOf(event.id);
  expect(settled).toMatchObject({ status: 'delivered', deliveries: [{ status: 'delivered', attempts: 1 }] });
});

test('a delivery to a receiver that responds 500 and 503 succeeds on the third attempt', async () => {
  const receiver = await receiverThat(500, 503, 200);
  const event = await posthorn.post({ type: 'a.b', data: {}, target: targetOf(receiver) });
  const { id } = (await posthorn.eventOf(event.id)).deliveries[0]!;

  await retryWhenWaiting(id, 1);
  await retryWhenWaiting(id, 2);

  expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered' });
  expect(await posthorn.attemptsOf(id)).toMatchObject([
    { number: 1, step: 0, outcome: 'rejected', statusCode: 500, trigger: 'schedule' },
    { number: 2, step: 1, outcome: 'rejected', statusCode: 503, trigger: 'manual' },
    { number: 3, step: 2, outcome: 'delivered', statusCode: 200, trigger: 'manual' },
  ]);
});

test('a delivery that is cancelled while it waits is not attempted again', async () => {
  const receiver = await receiverThat(500);
  const event = await posthorn.post({ type: 'a.b', data: {}, target: targetOf(receiver) });
  const { id } = (await posthorn.eventOf(event.id)).deliveries[0]!;
  await eventually(async () => (await posthorn.eventOf(event.id)).deliveries[0]!.status === 'retrying');
  const { workflow } = (await posthorn.eventOf(event.id)).deliveries[0]!;
  await untilStarted(posthorn.temporal, workflow!.id);

  await posthorn.call('POST', `/v1/deliveries/${id}/cancel`);

  expect(await posthorn.untilSettled(event.id)).toMatchObject({
    status: 'cancelled',
    deliveries: [{ status: 'cancelled', reason: 'cancelled', attempts: 1 }],
  });
  await posthorn.temporal.workflow.getHandle(workflow!.id).result();
  expect(receiver.requests).toHaveLength(1);
});

test('deleting an endpoint cancels its open deliveries', async () => {
  const receiver = await receiverThat(500);
  const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['only.here'] });
  const event = await posthorn.post({ type: 'only.here', data: {} });
  await eventually(async () => (await posthorn.eventOf(event.id)).deliveries[0]!.status === 'retrying');

  await posthorn.call('DELETE', `/v1/endpoints/${endpoint.id}`);

  expect(await posthorn.untilSettled(event.id)).toMatchObject({
    deliveries: [{ status: 'cancelled', reason: 'endpoint_deleted' }],
  });
});

test('an event that matches no endpoint is stored as unrouted', async () => {
  expect(await posthorn.post({ type: 'nobody.listens', data: {} })).toMatchObject({ status: 'unrouted' });
});

const targetOf = ({ url }: Receiver) => ({ url, secret: SECRET });
