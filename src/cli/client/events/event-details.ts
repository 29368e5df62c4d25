import type { PosthornClient } from '../../../../sdk/typescript/src/client.ts';
import type { Attempt, Delivery, DeliveryDetails, Event } from '../../../../sdk/typescript/src/models.ts';

export type DeliveryWithAttempts = (Delivery | DeliveryDetails) & {
  /** The first attempt first; without the oldest if there are more than 200. */
  attemptList: Attempt[];
};
export type EventDetails = Omit<Event, 'deliveries'> & { deliveries: DeliveryWithAttempts[] };

const MAX_ATTEMPTS = 200;
const SETTLED: readonly Delivery['status'][] = ['delivered', 'undeliverable', 'cancelled'];
export const isSettled = ({ status }: Pick<Delivery, 'status'>): boolean => SETTLED.includes(status);

/**
 * The event with its first 100 deliveries and their attempts. With the id of a delivery, the event with that delivery
 * only.
 */
export async function readEvent(client: PosthornClient, id: string): Promise<EventDetails> {
  const only = isDeliveryId(id) ? await client.deliveries.get(id) : undefined;
  const event = await client.events.get(only?.event ?? id);
  const deliveries: DeliveryWithAttempts[] = [];
  // One call after another: many at once would meet the limits of the project.
  for (const delivery of only ? [only] : event.deliveries) {
    const details = only ?? (isSettled(delivery) ? delivery : await client.deliveries.get(delivery.id));
    const { items } = await client.deliveries.attempts(delivery.id, { limit: MAX_ATTEMPTS });
    deliveries.push({ ...details, attemptList: items.reverse() });
  }
  return { ...event, deliveries };
}

/** Ids of deliveries are Posthorn's own. An event with such an id of its producer's is found by its deliveries. */
export const isDeliveryId = (id: string): boolean => /^dlv_[0-9a-z]{26}$/.test(id);
