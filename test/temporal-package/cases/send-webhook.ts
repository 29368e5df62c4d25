import type { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import type { SentWebhook, WebhookEvent } from '../../../packages/temporal/src/index.ts';
import { readHistoryFacts } from '../../replay/history.ts';
import { ada, calls, errorOf, faults, loseResponse, posthorn, refusal, startWorkflow } from './stage.ts';

const event = (changes: Partial<WebhookEvent> = {}): WebhookEvent => ({
  type: 'render.completed',
  data: { n: 1 },
  consumer: 'ada',
  ...changes,
});

async function send(...events: WebhookEvent[]): Promise<SentWebhook[]> {
  return (await startWorkflow('send', ...events)).result();
}

export function sendWebhookTests(): void {
  test('a workflow sends webhooks, each activity a new one with an id of its own', async () => {
    const [first, second] = await send(event(), event());

    expect(first).toEqual({
      id: expect.stringMatching(/^wf_[0-9a-f]{40}$/),
      status: 'pending',
      deliveryCount: 1,
    });
    expect(second!.id).not.toBe(first!.id);
    for (const { id } of [first!, second!])
      expect(await posthorn.untilSettled(id)).toMatchObject({ status: 'delivered', deliveryCount: 1 });
  });

  test('an id of the caller is kept', async () => {
    expect(await send(event({ id: 'invoice_17' }))).toMatchObject([{ id: 'invoice_17' }]);
  });

  // The retry policy of the workflow would wait an hour.
  test.each([
    [429, 'quota_exceeded'],
    [503, 'not_ready'],
  ])('after a %d the activity is retried when the Retry-After of the API is over', async (status, code) => {
    faults.push(async () => refusal(status, code, 1));
    const handle = await startWorkflow('send', event());
    const [sent] = (await handle.result()) as SentWebhook[];

    expect(await posthorn.untilSettled(sent!.id)).toMatchObject({ status: 'delivered' });
    expect(calls).toHaveLength(2);
    expect(calls[1]!.at - calls[0]!.at).toBeGreaterThan(990);
    expect((await readHistoryFacts(posthorn.temporal, handle.workflowId)).activityAttempts).toEqual([2]);
  });

  test('when the response of a post is lost, its repetition is the same event', async () => {
    const before = ada.requests.length;
    faults.push(loseResponse);
    const [sent] = await send(event());
    const { deliveries } = await posthorn.untilSettled(sent!.id);
    const [later] = await send(event());
    await posthorn.untilSettled(later!.id);

    expect(calls).toHaveLength(3);
    expect(calls[1]!.body).toEqual(calls[0]!.body);
    expect(deliveries).toHaveLength(1);
    expect(ada.requests.length - before).toBe(2);
  });

  test('an event that the API refuses fails the activity at once, with the code of the problem', async () => {
    const error = await errorOf<WorkflowFailedError>(send(event({ type: 'not a type' })));

    const failure = error.cause!.cause as ApplicationFailure;
    expect(failure).toMatchObject({ type: 'invalid_body', nonRetryable: true });
    expect(failure.details).toEqual([
      {
        status: 422,
        code: 'invalid_body',
        errors: [{ pointer: '/type', detail: expect.any(String) }],
        requestId: expect.stringMatching(/^req_/),
      },
    ]);
    expect(calls).toHaveLength(1);
  });

  test('another event under an id that exists is a conflict, which is not retried', async () => {
    const sending = send(event({ id: 'invoice_18' }), event({ id: 'invoice_18', data: { n: 2 } }));
    const error = await errorOf<WorkflowFailedError>(sending);

    expect(error.cause!.cause).toMatchObject({ type: 'id_conflict', nonRetryable: true });
  });
}
