import { setTimeout as sleep } from 'node:timers/promises';
import type { Receiver, ScriptStep } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { readHistoryFacts } from '../../replay/history.ts';
import {
  type Delivery,
  type Event,
  startTestPosthorn,
  type TestPosthorn,
} from '../../set-up/test-posthorn.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
/** How late a retry may be on an idle machine. */
const LATE_MS = 1_000;

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn({ settings: { firstAttempt: 'workflow' } });
});
afterAll(() => posthorn.close());

const withPolicy = (policy: object): Promise<unknown> => posthorn.call('PATCH', '/v1/project', { policy });

const eventTo = ({ url }: Receiver) => ({ type: 'a.b', data: {}, target: { url, secret: SECRET } });

const deliveryOf = async (event: { id: string }): Promise<Delivery> =>
  (await posthorn.eventOf(event.id)).deliveries[0]!;

const historyOf = async (event: { id: string }) =>
  readHistoryFacts(posthorn.temporal, (await deliveryOf(event)).workflow!.id);

const respondAfter =
  (ms: number, status: number): ScriptStep =>
  async (_request, response) => {
    await sleep(ms);
    response.writeHead(status).end();
  };

function expectRetryAfter(receiver: Receiver, ms: number): void {
  const [first, second] = receiver.requests;
  const gap = second!.receivedAt - first!.receivedAt;
  expect(gap).toBeGreaterThanOrEqual(ms);
  expect(gap).toBeLessThanOrEqual(ms + LATE_MS);
}

test('deliveries of one workflow that fail at different times are each retried after their own delay', async () => {
  await withPolicy({ delays: ['4s'], timeout: '4s' });
  const delays = [0, 1_200, 2_500];
  const group = await Promise.all(delays.map((ms) => receiverThat(respondAfter(ms, 500), 200)));
  const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', {
    events: group.map(eventTo),
  });

  for (const event of items) await posthorn.untilSettled(event.id);

  expect(await historyOf(items[0]!)).toMatchObject({ summary: '3 events → 3 deliveries' });
  for (const [n, receiver] of group.entries()) expectRetryAfter(receiver, 4_000 + delays[n]!);
});

test('a slow delivery of the same workflow delays no retry if a delay is shorter than the timeout', async () => {
  await withPolicy({ delays: ['1s'], timeout: '10s' });
  const quick = await receiverThat(500, 200);
  const slow = await receiverThat(respondAfter(4_000, 200));
  const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', {
    events: [eventTo(quick), eventTo(slow)],
  });

  expect(await posthorn.untilSettled(items[0]!.id)).toMatchObject({ status: 'delivered' });
  expect(await posthorn.eventOf(items[1]!.id)).toMatchObject({ status: 'pending' });
  expectRetryAfter(quick, 1_000);
  expect((await deliveryOf(items[1]!)).workflow!.id).toBe((await deliveryOf(items[0]!)).workflow!.id);
  await posthorn.untilSettled(items[1]!.id);
});

test('a policy without delays ends with its first failure', async () => {
  await withPolicy({ delays: [] });
  const event = await posthorn.post(eventTo(await receiverThat(500)));

  expect(await posthorn.untilSettled(event.id)).toMatchObject({
    status: 'undeliverable',
    deliveries: [{ attempts: 1, reason: 'exhausted' }],
  });
  expect((await historyOf(event)).timers).toEqual([]);
});
