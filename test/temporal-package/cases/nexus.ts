import { randomUUID } from 'node:crypto';
import { ActivityFailure, type WorkflowFailedError } from '@temporalio/client';
import type { NexusOperationFailure } from '@temporalio/common';
import type { WebhookEvent, WebhookOutcome } from '../../../packages/temporal/src/index.ts';
import { startReceiver } from '../../receivers/receiver.ts';
import { historyJsonOf } from '../../replay/history.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Actions, countActions } from '../count-actions.ts';
import { calls, errorOf, type Fault, faults, nexusEndpoint, posthorn, startWorkflow } from './stage.ts';

const start = (event: WebhookEvent) => startWorkflow('deliverByNexus', nexusEndpoint, event);

async function deliver(consumer: string): Promise<WebhookOutcome> {
  return (await start({ type: 'order.paid', data: { n: 1 }, consumer })).result();
}

/** A consumer whose endpoints respond with these statuses. */
async function consumerOf(...statuses: number[]) {
  const consumer = `consumer-${randomUUID()}`;
  const receivers = await Promise.all(statuses.map((status) => startReceiver([status])));
  const endpoints: string[] = [];
  for (const { url } of receivers) endpoints.push((await posthorn.newEndpoint(url, { consumer })).id);
  return { consumer, endpoints, close: () => Promise.all(receivers.map((receiver) => receiver.close())) };
}

/** The post returns at once, as it does when the event is open for longer than the post waits. */
const withoutWait: Fault = (call) => call(calls.at(-1)!.url.replace(/\?wait=.*/, ''));

export function nexusTests(): void {
  test('it completes when the event is delivered, with the result of each delivery', async () => {
    expect(await deliver('ada')).toEqual({
      id: expect.stringMatching(/^wf_/),
      status: 'delivered',
      deliveryCount: 1,
      deliveries: [
        {
          id: expect.stringMatching(/^dlv_/),
          endpoint: expect.stringMatching(/^ep_/),
          status: 'delivered',
          attempts: 1,
          lastOutcome: 'delivered',
          reason: null,
        },
      ],
      nextAttemptAt: null,
    });
  });

  test('it completes, and does not fail, when a delivery is undeliverable', async () => {
    const { consumer, close } = await consumerOf(200, 500);
    const outcome = await deliver(consumer);

    expect(outcome).toMatchObject({ status: 'undeliverable', deliveryCount: 2 });
    expect(outcome.deliveries).toHaveLength(2);
    expect(outcome.deliveries).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ status: 'delivered', attempts: 1 }),
        expect.objectContaining({ status: 'undeliverable', attempts: 2, reason: 'exhausted' }),
      ]),
    );
    await close();
  });

  test('an event without an endpoint completes it as unrouted', async () => {
    expect(await deliver('nobody')).toMatchObject({ status: 'unrouted', deliveries: [] });
  });

  test('an operation whose event is open after the post waits with a timer and looks again', async () => {
    const { consumer, close } = await consumerOf(200);
    faults.push(withoutWait);
    const handle = await start({ type: 'order.paid', data: null, consumer });

    expect(await handle.result()).toMatchObject({ status: 'delivered' });
    expect(await actionsOf(handle.workflowId)).toEqual({ starts: 1, nexusOperations: 1 });
    // One check is enough unless the machine is busy.
    const { starts, activities, timers } = await actionsOf(await workflowBehind(handle.workflowId));
    expect(timers).toBeGreaterThan(0);
    expect({ starts, activities }).toEqual({ starts: 1, activities: timers! + 1 });
    await close();
  });

  test('an event that the API refuses fails it with the code of the problem', async () => {
    const handle = await start({ type: 'not a type', data: null });
    const error = await errorOf<WorkflowFailedError>(handle.result());

    const failure = error.cause as NexusOperationFailure;
    expect(failure).toMatchObject({
      name: 'NexusOperationFailure',
      service: 'posthorn',
      operation: 'deliver',
    });
    expect(failure.cause).toBeInstanceOf(ActivityFailure);
    expect(failure.cause!.cause).toMatchObject({ type: 'invalid_body', nonRetryable: true });
  });

  test('cancelling the workflow of the caller ends the waiting, and Posthorn goes on delivering', async () => {
    const { consumer, endpoints, close } = await consumerOf(200);
    await posthorn.call('POST', `/v1/endpoints/${endpoints[0]}/pause`);
    faults.push(withoutWait);
    const handle = await start({ id: 'held', type: 'order.paid', data: null, consumer });
    const behind = posthorn.temporal.workflow.getHandle(await workflowBehind(handle.workflowId));
    await eventually(() => calls.length > 0);
    await handle.cancel();

    const cancelled = { cause: { name: 'CancelledFailure' } };
    await expect(handle.result()).rejects.toMatchObject({ name: 'WorkflowFailedError' });
    await expect(behind.result()).rejects.toMatchObject(cancelled);
    await posthorn.call('POST', `/v1/endpoints/${endpoints[0]}/resume`);
    expect(await posthorn.untilSettled('held')).toMatchObject({ status: 'delivered' });
    await close();
  });
}

/** The workflow behind the operation that a workflow has started. */
async function workflowBehind(callerId: string): Promise<string> {
  let workflowId: string | undefined;
  await eventually(async () => {
    const { events } = await posthorn.temporal.workflow.getHandle(callerId).fetchHistory();
    const started = events!.find((event) => event.nexusOperationStartedEventAttributes);
    const token = started?.nexusOperationStartedEventAttributes?.operationToken;
    if (token) workflowId = (JSON.parse(Buffer.from(token, 'base64url').toString()) as { wid: string }).wid;
    return workflowId !== undefined;
  });
  return workflowId!;
}

const actionsOf = async (workflowId: string): Promise<Actions> =>
  countActions(await historyJsonOf(posthorn.temporal, workflowId));
