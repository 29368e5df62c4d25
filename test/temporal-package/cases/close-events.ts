import { CancelledFailure, type WorkflowFailedError } from '@temporalio/client';
import { readHistoryFacts } from '../../replay/history.ts';
import { eventually } from '../../set-up/eventually.ts';
import { calls, errorOf, faults, loseResponse, posthorn, startWorkflow } from './stage.ts';

const posted = () => calls.map(({ body }) => body);

export function closeEventTests(): void {
  test('a workflow that fails posts one event, with the type of the failure and without its message', async () => {
    const handle = await startWorkflow('orderRefused', 'the card of Ada was declined');
    const error = await errorOf<WorkflowFailedError>(handle.result());

    expect(error.cause).toMatchObject({ type: 'CardDeclined', message: 'the card of Ada was declined' });
    expect(posted()).toEqual([
      {
        id: expect.stringMatching(/^wf_/),
        type: 'workflow.failed',
        consumer: 'ada',
        data: {
          workflowType: 'orderRefused',
          workflowId: handle.workflowId,
          runId: handle.firstExecutionRunId,
          attempt: 1,
          startedAt: expect.any(String),
          closedAt: expect.any(String),
          failureType: 'CardDeclined',
        },
      },
    ]);
    expect(await posthorn.untilSettled(calls[0]!.body.id!)).toMatchObject({ status: 'delivered' });
  });

  test('a workflow that is cancelled posts one event, and is cancelled', async () => {
    const handle = await startWorkflow('orderWaiting');
    await handle.cancel();
    const error = await errorOf<WorkflowFailedError>(handle.result());

    expect(error.cause).toBeInstanceOf(CancelledFailure);
    expect(posted()).toMatchObject([{ type: 'workflow.cancelled', data: { workflowId: handle.workflowId } }]);
  });

  test('a workflow that completes posts the event that the module of the user makes, and returns its result', async () => {
    const handle = await startWorkflow('orderPaid', 42);

    expect(await handle.result()).toEqual({ amount: 42 });
    expect(posted()).toMatchObject([{ type: 'order.paid', data: { amount: 42 } }]);
  });

  test('when the response of Posthorn is lost, the repetition is the same event', async () => {
    faults.push(loseResponse);
    await (await startWorkflow('orderPaid', 43)).result();

    expect(calls).toHaveLength(2);
    expect(posted()[1]).toEqual(posted()[0]);
    expect((await posthorn.untilSettled(calls[0]!.body.id!)).deliveries).toHaveLength(1);
  });

  test('a workflow that continues as new posts one event, when its last run closes', async () => {
    const handle = await startWorkflow('orderInTwoRuns', 1);

    expect(await handle.result()).toBe(2);
    expect(posted()).toMatchObject([{ type: 'workflow.completed', data: { workflowId: handle.workflowId } }]);
    expect(posted()).not.toMatchObject([{ data: { runId: handle.firstExecutionRunId } }]);
  });

  test.each(['orderOfNobody', 'orderWithAnUnreadableResult'])(
    '%s, for which the module makes no event, closes without one',
    async (type) => {
      await (await startWorkflow(type)).result();
      expect(calls).toEqual([]);
    },
  );

  test('a failed workflow task posts no event, because the workflow goes on', async () => {
    const handle = await startWorkflow('orderWithABug');
    await eventually(async () => ((await handle.describe()).raw.pendingWorkflowTask?.attempt ?? 0) > 1);
    await handle.terminate();

    expect(calls).toEqual([]);
  });

  test('a workflow whose event Posthorn refuses closes as it would without the event', async () => {
    const handle = await startWorkflow('orderWithAnInvalidEvent');

    expect(await handle.result()).toBe('done');
    expect(calls).toMatchObject([{ status: 422 }]);
  });

  test('the event is posted with a time limit, and the activity shows its type', async () => {
    const handle = await startWorkflow('orderPaid', 44);
    await handle.result();

    const { activities } = await readHistoryFacts(posthorn.temporal, handle.workflowId);
    expect(activities).toMatchObject([
      {
        name: 'sendCloseEvent',
        startToClose: '30s',
        input: [{ type: 'order.paid', data: { amount: 44 } }],
        summary: 'order.paid',
        retryPolicy: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '60s' },
      },
    ]);
  });
}
