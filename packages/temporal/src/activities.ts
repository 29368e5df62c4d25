import { activityInfo } from '@temporalio/activity';
import { failureOf } from './api-failure.ts';
import type { PosthornActivities, SentWebhook, WebhookDelivery, WebhookOutcome } from './contract.ts';
import { idOfActivity, idOfClose } from './event-id.ts';
import type { EventsClient, StoredEvent } from './events-client.ts';

/** Longer than the first attempt of most events: their profiles give it 5 to 30 s, and most receivers need less than 1 s. */
const WAIT = '20s';

/** Returns the activities for `Worker.create`. `client` is a `PosthornClient` of `@posthorn/sdk` with a key of the project. */
export const createPosthornActivities = ({ client }: { client: EventsClient }): PosthornActivities => ({
  sendWebhook: async (event) =>
    sent(await calling(() => client.events.send({ id: idOfActivity(activityInfo()), ...event }))),
  sendWebhookAndWait: async (event) =>
    outcomeOf(
      await calling(() => client.events.send({ id: idOfActivity(activityInfo()), ...event }, { wait: WAIT })),
    ),
  readWebhook: async (id) => outcomeOf(await calling(() => client.events.get(id))),
  sendCloseEvent: async (event) =>
    sent(await calling(() => client.events.send({ id: idOfClose(activityInfo()), ...event }))),
});

async function calling<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw failureOf(error);
  }
}

/** Without data and body: the history has them already. */
const sent = ({ id, status, deliveryCount }: StoredEvent): SentWebhook => ({ id, status, deliveryCount });

const OPEN: WebhookDelivery['status'][] = ['pending', 'retrying', 'held'];

function outcomeOf(event: StoredEvent): WebhookOutcome {
  const deliveries = event.deliveries ?? [];
  const dates = deliveries
    .filter(({ status }) => OPEN.includes(status))
    .map(({ nextAttemptAt }) => nextAttemptAt);
  return {
    ...sent(event),
    deliveries: deliveries.map(({ id, endpoint, status, attempts, lastOutcome, reason }) => ({
      id,
      endpoint,
      status,
      attempts,
      lastOutcome,
      reason,
    })),
    nextAttemptAt: dates.includes(null) ? null : (dates.toSorted().at(-1) ?? null),
  };
}
