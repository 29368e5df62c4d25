import { proxyActivities, sleep } from '@temporalio/workflow';
import type { PosthornActivities, WebhookEvent, WebhookOutcome } from '../contract.ts';
import { MAX_CHECKS, msUntilNextCheck } from './next-check.ts';

const posthorn = proxyActivities<PosthornActivities>({
  startToCloseTimeout: '1 minute', // a post waits up to 20 s
  scheduleToCloseTimeout: '1 day', // an outage of Posthorn that is longer fails the workflow
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10 minutes' },
  // The activities do not heartbeat, so they would not learn of a cancellation.
  cancellationType: 'TRY_CANCEL',
});

/**
 * Posts an event and returns what has become of it once every delivery has settled. An event that is open after a week is
 * returned as `pending`. Fails with the code of the API if the event is refused.
 */
export async function posthornDeliver(event: WebhookEvent): Promise<WebhookOutcome> {
  let outcome = await posthorn.sendWebhookAndWait(event);
  for (let checks = 0; outcome.status === 'pending' && checks < MAX_CHECKS; checks += 1) {
    await sleep(msUntilNextCheck(checks, outcome.nextAttemptAt, Date.now()), {
      summary: 'until the next attempt',
    });
    outcome = await posthorn.readWebhook(outcome.id);
  }
  return outcome;
}
