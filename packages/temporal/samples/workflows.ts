import { type PosthornActivities, posthornService } from '@posthorn/temporal/workflow';
import { ApplicationFailure, createNexusServiceClient, proxyActivities } from '@temporalio/workflow';

const { sendWebhook } = proxyActivities<PosthornActivities>({ startToCloseTimeout: '30s' });

/** Tells the customer that the order was shipped. Posthorn delivers the event while the workflow goes on. */
export async function shipOrder(order: string): Promise<string> {
  const { id } = await sendWebhook({ type: 'order.shipped', data: { order } });
  return id;
}

/** Hands the order over only if each of the customer's endpoints got the event. */
export async function handOverOrder(order: string): Promise<string> {
  const posthorn = createNexusServiceClient({ service: posthornService, endpoint: 'posthorn' });
  const { status } = await posthorn.executeOperation(
    'deliver',
    { type: 'order.handed_over', data: { order } },
    { scheduleToCloseTimeout: '1 day' },
  );
  if (status !== 'delivered') throw ApplicationFailure.nonRetryable(`the event is ${status}`, 'NotNotified');
  return status;
}
