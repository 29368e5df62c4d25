import { respondAfter } from '../../receivers/delayed-response.ts';
import { pendingResponse } from '../../receivers/pending-response.ts';
import type { Receiver } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { readHistoryFacts } from '../../replay/history.ts';
import { eventTo } from '../../set-up/targets.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { deliveryOf } from '../dispatch/delivery-commands-set-up.ts';

/** A retry that waited for the slowest delivery of its workflow would be 7 s late, or later. */
const LATE_MS = 3_000;

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn({ settings: { firstAttempt: 'workflow' } });
});
afterAll(() => posthorn.close());

const withPolicy = (policy: object): Promise<unknown> => posthorn.call('PATCH', '/v1/project', { policy });

const historyOf = async (event: { id: string }) =>
  readHistoryFacts(posthorn.temporal, (await deliveryOf(posthorn, event)).workflow!.id);

function expectRetryAfter(receiver: Receiver, ms: number): void {
  const [first, second] = receiver.requests;
  const gap = second!.receivedAt - first!.receivedAt;
  expect(gap).toBeGreaterThanOrEqual(ms);
  expect(gap).toBeLessThanOrEqual(ms + LATE_MS);
}

test('deliveries of one workflow that fail at different times are each retried after their own delay', async () => {
  await withPolicy({ delays: ['8s'], timeout: '8s' });
  const delays = [0, 3_500, 7_000];
  const group = await Promise.all(delays.map((ms) => receiverThat(respondAfter(ms, 500), 200)));
  const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', {
    events: group.map((receiver) => eventTo(receiver)),
  });

  for (const event of items) await posthorn.untilSettled(event.id);

  expect(await historyOf(items[0]!)).toMatchObject({ summary: '3 events → 3 deliveries' });
  for (const [n, receiver] of group.entries()) expectRetryAfter(receiver, 8_000 + delays[n]!);
});

test('a slow delivery of the same workflow delays no retry if a delay is shorter than the timeout', async () => {
  await withPolicy({ delays: ['1s'], timeout: '60s' });
  const { step, respond } = pendingResponse();
  const quick = await receiverThat(500, 200);
  const slow = await receiverThat(step);
  const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', {
    events: [eventTo(quick), eventTo(slow)],
  });

  expect(await posthorn.untilSettled(items[0]!.id)).toMatchObject({ status: 'delivered' });
  expect(await posthorn.eventOf(items[1]!.id)).toMatchObject({ status: 'pending' });
  expectRetryAfter(quick, 1_000);
  expect((await deliveryOf(posthorn, items[1]!)).workflow!.id).toBe(
    (await deliveryOf(posthorn, items[0]!)).workflow!.id,
  );
  respond(200);
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
