import {
  ApplicationFailure,
  condition,
  continueAsNew,
  createNexusServiceClient,
  proxyActivities,
} from '@temporalio/workflow';
import {
  type PosthornActivities,
  posthornService,
  type SentWebhook,
  type WebhookEvent,
  type WebhookOutcome,
} from '../../../packages/temporal/src/workflow/index.ts';

export { posthornDeliver } from '../../../packages/temporal/src/workflow/deliver.ts';

/** Without a delay that the failure names, a retry would come too late for any test. */
const posthorn = proxyActivities<PosthornActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 hour' },
});

/** Sends the events one after the other. */
export async function send(...events: WebhookEvent[]): Promise<SentWebhook[]> {
  const sent: SentWebhook[] = [];
  for (const event of events) sent.push(await posthorn.sendWebhook(event));
  return sent;
}

export async function deliverByNexus(endpoint: string, event: WebhookEvent): Promise<WebhookOutcome> {
  const posthornNexus = createNexusServiceClient({ service: posthornService, endpoint });
  return posthornNexus.executeOperation('deliver', event, { scheduleToCloseTimeout: '1 hour' });
}

export const orderPaid = async (amount: number): Promise<{ amount: number }> => ({ amount });

export async function orderRefused(message: string): Promise<void> {
  throw ApplicationFailure.nonRetryable(message, 'CardDeclined');
}

export const orderOfNobody = async (): Promise<void> => {};

export const orderWithAnInvalidEvent = async (): Promise<string> => 'done';

export const orderWithAnUnreadableResult = async (): Promise<void> => {};

export const orderWaiting = (): Promise<void> => condition(() => false);

/** Continues as new once, then completes. */
export async function orderInTwoRuns(run: number): Promise<number> {
  return run === 1 ? continueAsNew<typeof orderInTwoRuns>(2) : run;
}

/** An error that is no TemporalFailure fails the workflow task, which is repeated, and not the workflow. */
export async function orderWithABug(): Promise<void> {
  throw new Error('a bug');
}
