import { firstDeliveriesOf } from '../../store/deliveries/delivery-reads.ts';
import { MAX_DELIVERIES_RETURNED } from '../../store/events/accept-result.ts';
import { findEvent, type StoredEvent } from '../../store/events/event-reads.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import type { Tenant } from '../auth/authentication.ts';
import { deliveryResponses } from '../deliveries/delivery-responses.ts';
import type { DeliveryResponse } from '../deliveries/delivery-schemas.ts';
import type { WorkflowLinks } from '../ports.ts';
import { Problem } from '../problems/problem.ts';

/** An event without its deliveries. */
export type EventFields = Omit<StoredEvent, 'deliveryCount'> & { deliveryCount: number };

/**
 * Returns an event as JSON text. `data` is inserted byte for byte, because parsing and serializing it again would change
 * numbers such as 12345678901234567890 and 1.0, and drop repeated names.
 */
export function eventJson(event: EventFields, deliveries: DeliveryResponse[] | undefined): string {
  const { id, type, consumer, status, test, createdAt, attributes, data, body, deliveryCount } = event;
  const target = targetResponse(event.targetUrl);
  const time = createdAt.toISOString();
  const head = JSON.stringify({ id, type, consumer, status, test, createdAt: time, attributes, target });
  const bodyText = JSON.stringify(body.toString('utf8'));
  const tail =
    deliveries === undefined ? '' : `,"deliveries":${JSON.stringify(deliveries.map(withTextTimes))}`;
  return `${head.slice(0, -1)},"data":${data.toString('utf8')},"body":${bodyText}${tail},"deliveryCount":${deliveryCount}}`;
}

/** JSON.stringify takes longer for one Date than for all other members of a delivery. */
const withTextTimes = (delivery: DeliveryResponse) => ({
  ...delivery,
  nextAttemptAt: delivery.nextAttemptAt?.toISOString() ?? null,
});

/** The normalized URL that is called. The secret of a target is never returned. */
export const targetResponse = (url: string | null): { url: string } | null => (url === null ? null : { url });

/** Returns each event as JSON text, with its first deliveries. */
export async function eventJsonList(
  db: Queryable,
  links: WorkflowLinks,
  projectId: string,
  events: StoredEvent[],
): Promise<string[]> {
  if (events.length === 0) return [];
  const ids = events.map(({ id }) => id);
  const byEvent = await firstDeliveriesOf(db, projectId, ids, MAX_DELIVERIES_RETURNED);
  // One lookup of links for the whole page, not one for each event.
  const deliveries = await deliveryResponses(links, [...byEvent.values()].flat());
  const deliveriesByEvent = Map.groupBy(deliveries, ({ event }) => event);
  return events.map((event) => eventJson(event, deliveriesByEvent.get(event.id) ?? []));
}

/** Returns the current state of an event as JSON text. Throws not_found. */
export async function readEvent(
  db: Queryable,
  links: WorkflowLinks,
  tenant: Tenant,
  id: string,
): Promise<{ settled: boolean; text: string }> {
  const found = await findEvent(db, tenant, id);
  if (!found) throw new Problem('not_found');
  const [text] = await eventJsonList(db, links, tenant.projectId, [found]);
  return { settled: found.status !== 'pending', text: text! };
}
