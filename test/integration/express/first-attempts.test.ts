import { pendingResponse } from '../../receivers/pending-response.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { expectDelays } from '../../replay/expect-timers.ts';
import { readHistoryFacts } from '../../replay/history.ts';
import { untilWaiting } from '../../replay/steps.ts';
import { eventually } from '../../set-up/eventually.ts';
import { eventTo } from '../../set-up/targets.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { deliveryOf, sendCommand } from '../dispatch/delivery-commands-set-up.ts';
import { untilStarted } from '../workflows/until-started.ts';

const NO_WORKFLOW = { id: null, url: null };

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn({ settings: { firstAttempt: 'express' } });
});
afterAll(() => posthorn.close());

async function workflowsOf(eventIds: string[]): Promise<string[]> {
  const { rows } = await posthorn.database.pool.query<{ workflow_id: string }>(
    'SELECT DISTINCT workflow_id FROM deliveries WHERE event_id = ANY ($1) AND workflow_id IS NOT NULL',
    [eventIds],
  );
  return rows.map((row) => row.workflow_id);
}

async function countWorkflowsInTemporal(): Promise<number> {
  let count = 0;
  for await (const _ of posthorn.temporal.workflow.list()) count += 1;
  return count;
}

const claimsOf = async (eventId: string) =>
  (
    await posthorn.database.pool.query(
      `SELECT d.epoch, d.owner, d.claimed_at, a.epoch AS attempt_epoch
       FROM deliveries d LEFT JOIN attempts a ON a.delivery_id = d.id WHERE d.event_id = $1`,
      [eventId],
    )
  ).rows;

test('a delivery that succeeds at once has one attempt, under epoch 1, and no workflow', async () => {
  const before = await countWorkflowsInTemporal();
  const receiver = await receiverThat(200);
  const events = await Promise.all([1, 2, 3].map(() => posthorn.post(eventTo(receiver))));

  for (const { id } of events) {
    expect(await posthorn.untilSettled(id)).toMatchObject({
      status: 'delivered',
      deliveries: [{ status: 'delivered', attempts: 1, lastOutcome: 'delivered', workflow: NO_WORKFLOW }],
    });
    expect(await claimsOf(id)).toMatchObject([{ epoch: 1, claimed_at: null, attempt_epoch: 1 }]);
  }
  expect(await workflowsOf(events.map(({ id }) => id))).toEqual([]);
  expect(await countWorkflowsInTemporal()).toBe(before);
});

test('while the first attempt is under way, its claim is open and the API shows no workflow', async () => {
  const { step, respond } = pendingResponse();
  const receiver = await receiverThat(step);
  const event = await posthorn.post(eventTo(receiver));
  await receiver.untilReceived(1);

  expect(await deliveryOf(posthorn, event)).toMatchObject({
    status: 'pending',
    attempts: 0,
    workflow: NO_WORKFLOW,
  });
  expect(await claimsOf(event.id)).toMatchObject([
    { epoch: 1, owner: expect.stringMatching(/^express\/prc_/), claimed_at: expect.any(Date) },
  ]);
  respond(200);
  await posthorn.untilSettled(event.id);
});

test('a workflow carries on with a delivery whose first attempt failed, with the delay of the first step', async () => {
  const receiver = await receiverThat(503, 200);
  const event = await posthorn.post(eventTo(receiver));
  await eventually(async () => (await deliveryOf(posthorn, event)).status === 'retrying');
  const { id, workflow } = await deliveryOf(posthorn, event);
  await untilWaiting(posthorn, workflow!.id, id, 1);

  const { timers } = await readHistoryFacts(posthorn.temporal, workflow!.id);
  expectDelays(timers, ['60s'], '503');

  await sendCommand(posthorn, 'retry', { id });
  await posthorn.untilSettled(event.id);
  const { activities } = await readHistoryFacts(posthorn.temporal, workflow!.id);
  expect(activities.map(({ summary }) => summary)).toEqual(['attempt 2 of 5']);
  expect(await posthorn.attemptsOf(id)).toMatchObject([
    { number: 1, step: 0, outcome: 'rejected', statusCode: 503, trigger: 'schedule' },
    { number: 2, step: 1, outcome: 'delivered', statusCode: 200, trigger: 'manual' },
  ]);
});

test('deliveries that fail at the same time share a workflow', async () => {
  const { step, respond } = pendingResponse();
  const receiver = await receiverThat(step);
  const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', {
    events: Array.from({ length: 20 }, () => eventTo(receiver)),
  });
  const ids = items.map(({ id }) => id);
  await receiver.untilReceived(20);
  respond(500);
  await eventually(async () => {
    const events = await Promise.all(ids.map(posthorn.eventOf));
    return events.every(({ deliveries }) => deliveries[0]!.status === 'retrying');
  });

  expect((await workflowsOf(ids)).length).toBeLessThan(20);
  for (const item of items) {
    const { id, workflow } = await deliveryOf(posthorn, item);
    await untilWaiting(posthorn, workflow!.id, id, 1);
  }
});

test('a first attempt that is also the last makes the delivery undeliverable without a workflow', async () => {
  const project = await posthorn.newProject({ policy: { delays: [] } });
  const { body } = await posthorn.client.call('POST', '/v1/events?wait=30s', {
    key: project.key,
    body: eventTo(await receiverThat(500)),
  });

  expect(body).toMatchObject({
    status: 'undeliverable',
    deliveries: [{ attempts: 1, reason: 'exhausted', workflow: NO_WORKFLOW }],
  });
});

test('a cancel during the first attempt takes effect when it fails, and no second one is made', async () => {
  const { step, respond } = pendingResponse();
  const receiver = await receiverThat(step);
  const event = await posthorn.post(eventTo(receiver));
  await receiver.untilReceived(1);

  expect(await sendCommand(posthorn, 'cancel', await deliveryOf(posthorn, event))).toMatchObject({
    status: 202,
    body: { status: 'pending' },
  });
  respond(500);

  expect(await posthorn.untilSettled(event.id)).toMatchObject({
    deliveries: [{ status: 'cancelled', reason: 'cancelled', attempts: 1, workflow: NO_WORKFLOW }],
  });
  expect(receiver.requests).toHaveLength(1);
});

test('an endpoint that is deleted during the first attempt gets no second one', async () => {
  const { step, respond } = pendingResponse();
  const receiver = await receiverThat(step);
  const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['deleted.meanwhile'] });
  const event = await posthorn.post({ type: 'deleted.meanwhile', data: {} });
  await receiver.untilReceived(1);

  await posthorn.call('DELETE', `/v1/endpoints/${endpoint.id}`);
  respond(500);

  expect(await posthorn.untilSettled(event.id)).toMatchObject({
    deliveries: [{ status: 'cancelled', reason: 'endpoint_deleted', attempts: 1 }],
  });
  expect(receiver.requests).toHaveLength(1);
});

test('a retry that is requested during the first attempt sends nothing twice', async () => {
  const { step, respond } = pendingResponse();
  const receiver = await receiverThat(step, 200);
  const event = await posthorn.post(eventTo(receiver));
  await receiver.untilReceived(1);

  const { id } = await deliveryOf(posthorn, event);
  expect(await sendCommand(posthorn, 'retry', { id })).toMatchObject({ status: 202 });
  respond(200);

  expect(await posthorn.untilSettled(event.id)).toMatchObject({ deliveries: [{ status: 'delivered' }] });
  expect(receiver.requests).toHaveLength(1);
});

test('a cancel right after the failure ends the workflow that is about to start', async () => {
  const receiver = await receiverThat(500);
  const event = await posthorn.post(eventTo(receiver));
  await eventually(async () => (await deliveryOf(posthorn, event)).status === 'retrying');
  const { workflow } = await deliveryOf(posthorn, event);

  expect(await sendCommand(posthorn, 'cancel', await deliveryOf(posthorn, event))).toMatchObject({
    status: 202,
    body: { status: 'cancelled' },
  });

  await untilStarted(posthorn.temporal, workflow!.id);
  expect(await posthorn.temporal.workflow.getHandle(workflow!.id).result()).toMatchObject({ cancelled: 1 });
  expect(receiver.requests).toHaveLength(1);
});
