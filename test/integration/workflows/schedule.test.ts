import { respondAfter } from '../../receivers/delayed-response.ts';
import type { Receiver } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { expectDelays } from '../../replay/expect-timers.ts';
import { type HistoryFacts, readHistoryFacts } from '../../replay/history.ts';
import { untilWaiting } from '../../replay/steps.ts';
import { eventually } from '../../set-up/eventually.ts';
import { openOutcomes } from '../../set-up/outcome-stream.ts';
import { eventTo } from '../../set-up/targets.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { deliveryOf } from '../dispatch/delivery-commands-set-up.ts';
import { untilStarted } from './until-started.ts';

/** A retry whose timer is lost is made by the reconciler, at least 5 s late. */
const LATE_MS = 4_000;

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterEach(async () => {
  await posthorn.call('PATCH', '/v1/project', { policy: null });
});
afterAll(() => posthorn.close());

const withPolicy = (policy: object): Promise<unknown> => posthorn.call('PATCH', '/v1/project', { policy });

async function historyOf(event: { id: string }): Promise<HistoryFacts> {
  const { workflow } = await deliveryOf(posthorn, event);
  await untilStarted(posthorn.temporal, workflow!.id);
  return readHistoryFacts(posthorn.temporal, workflow!.id);
}

const timersOf = async (event: { id: string }): Promise<string[]> =>
  (await historyOf(event)).timers.map(({ after }) => after);

/** Brings forward each of the first `waits` retries. */
async function bringForward(event: { id: string }, waits: number): Promise<void> {
  await eventually(async () => (await deliveryOf(posthorn, event)).workflow?.id != null);
  const { id, workflow } = await deliveryOf(posthorn, event);
  for (let step = 1; step <= waits; step += 1) {
    await untilWaiting(posthorn, workflow!.id, id, step);
    await posthorn.call('POST', `/v1/deliveries/${id}/retry`);
  }
}

/** Milliseconds from the arrival of each request to the arrival of the next. */
const gapsOf = ({ requests }: Receiver): number[] =>
  requests.slice(1).map(({ receivedAt }, n) => receivedAt - requests[n]!.receivedAt);

const expectBetween = (value: number, min: number, max: number): void => {
  expect(value).toBeGreaterThanOrEqual(min);
  expect(value).toBeLessThanOrEqual(max);
};

test('a receiver that always fails is attempted at once and after 1m, 5m, 30m and 2h, and the fifth failure is final', async () => {
  const receiver = await receiverThat(503);
  const stream = await openOutcomes(posthorn.url, posthorn.project.key);
  const event = await posthorn.post(eventTo(receiver));

  await bringForward(event, 4);
  await posthorn.untilSettled(event.id);

  const delivery = await deliveryOf(posthorn, event);
  const workflow = posthorn.temporal.workflow.getHandle(delivery.workflow!.id);
  await eventually(async () => (await workflow.describe()).status.name === 'FAILED');
  const { input, timers, end } = await historyOf(event);
  expect(input).toMatchObject({ policy: { delays: [60, 300, 1800, 7200] } });
  expectDelays(timers, ['60s', '300s', '1800s', '7200s'], '503');
  expect(receiver.requests).toHaveLength(5);
  expect(delivery).toMatchObject({
    status: 'undeliverable',
    reason: 'exhausted',
    attempts: 5,
    lastOutcome: 'rejected',
    nextAttemptAt: null,
  });
  expect(end.failure).toMatchObject({
    type: 'Undeliverable',
    message: '1 of 1 undeliverable',
  });

  await stream.until((outcomes) => outcomes.some(({ kind }) => kind === 'event.settled'));
  expect(stream.outcomes.map(({ kind, data }) => [kind, data.status, data.attempt])).toEqual([
    ['attempt.failed', 'retrying', 1],
    ['attempt.failed', 'retrying', 2],
    ['attempt.failed', 'retrying', 3],
    ['attempt.failed', 'retrying', 4],
    ['attempt.failed', 'undeliverable', 5],
    ['delivery.undeliverable', 'undeliverable', 5],
    ['event.settled', 'undeliverable', undefined],
  ]);
  await stream.close();
});

test('workflows use the delays and the timeout of their project', async () => {
  await withPolicy({ delays: ['90s', '10m'], timeout: '20s' });
  const event = await posthorn.post(eventTo(await receiverThat(500)));

  await bringForward(event, 2);
  await posthorn.untilSettled(event.id);

  const { input, timers, activities } = await historyOf(event);
  expect(input).toMatchObject({ policy: { delays: [90, 600], timeout: 20, jitter: 0 } });
  expectDelays(timers, ['90s', '600s']);
  expect(new Set(activities.map(({ startToClose }) => startToClose))).toEqual(new Set(['35s']));
});

test('a change of policy does not affect events that were accepted before', async () => {
  await withPolicy({ delays: ['90s'] });
  const event = await posthorn.post(eventTo(await receiverThat(500)));
  await withPolicy({ delays: ['7m', '8m'] });

  await bringForward(event, 1);

  expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'undeliverable' });
  const { input, timers } = await historyOf(event);
  expect(input).toMatchObject({ policy: { delays: [90] } });
  expectDelays(timers, ['90s']);
});

test('jitter only lengthens a delay, by a different time for each delivery', async () => {
  await withPolicy({ delays: ['100s'], jitter: 0.5 });
  const receiver = await receiverThat(500);
  const events: Event[] = [];
  for (let n = 0; n < 8; n += 1) events.push(await posthorn.post(eventTo(receiver)));

  const waits: number[] = [];
  for (const event of events) {
    await eventually(async () => (await deliveryOf(posthorn, event)).status === 'retrying');
    const { id, nextAttemptAt } = await deliveryOf(posthorn, event);
    const [attempt] = await posthorn.attemptsOf(id);
    waits.push(Date.parse(nextAttemptAt!) - Date.parse(attempt!.startedAt) - attempt!.durationMs);
    await eventually(async () => (await timersOf(event)).length > 0);
    // Whole seconds that recording took are subtracted from a timer.
    for (const after of await timersOf(event)) expectBetween(Number.parseFloat(after), 90, 150);
  }

  for (const wait of waits) expectBetween(wait, 100_000 - 5, 150_000 + 10_000);
  expect(new Set(waits.map((wait) => Math.round(wait / 100))).size).toBeGreaterThan(4);
});

test('a retry is never early, and made by its timer', async () => {
  await withPolicy({ delays: ['1s', '1s', '2s'], timeout: '1s' });
  const slow = await receiverThat(respondAfter(600, 500));
  const quick = await Promise.all([1, 2, 3, 4, 5].map(() => receiverThat(500)));
  const events = await Promise.all([slow, ...quick].map((receiver) => posthorn.post(eventTo(receiver))));

  for (const event of events) await posthorn.untilSettled(event.id);

  for (const receiver of quick) {
    const [first, second, third] = gapsOf(receiver) as [number, number, number];
    expectBetween(first, 1000, 1000 + LATE_MS);
    expectBetween(second, 1000, 1000 + LATE_MS);
    expectBetween(third, 2000, 2000 + LATE_MS);
  }
  expectBetween(gapsOf(slow)[0]!, 1600, 1600 + LATE_MS);
});
