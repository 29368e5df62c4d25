import { firstDeliveriesOf } from '../../store/deliveries/delivery-reads.ts';
import { findEvent, type StoredEvent } from '../../store/events/event-reads.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import type { Tenant } from '../auth/authentication.ts';
import { deliveryResponses } from '../deliveries/delivery-responses.ts';
import type { DeliveryResponse } from '../deliveries/delivery-schemas.ts';
import type { WorkflowLinks } from '../ports.ts';
import { Problem } from '../problems/problem.ts';

export const MAX_DELIVERIES_RETURNED = 100;

/** Everything of an event but its deliveries. */
export type EventFields = Omit<StoredEvent, 'deliveryCount'> & { deliveryCount: number };

/**
 * JSON text of an event. `data` stands in it byte for byte: JSON.stringify of its parsed value would change
 * 12345678901234567890 and 1.0, and drop repeated names.
 */
export function eventJson(event: EventFields, deliveries: DeliveryResponse[] | undefined): string {
  const { id, type, consumer, status, test, createdAt, attributes, data, body, deliveryCount } = event;
  const target = targetResponse(event.targetUrl);
  const head = JSON.stringify({ id, type, consumer, status, test, createdAt, attributes, target });
  const bodyText = JSON.stringify(body.toString('utf8'));
  const tail = deliveries === undefined ? '' : `,"deliveries":${JSON.stringify(deliveries)}`;
  return `${head.slice(0, -1)},"data":${data.toString('utf8')},"body":${bodyText}${tail},"deliveryCount":${deliveryCount}}`;
}

/** As it is sent to: a URL is normalised when it comes. Its secret is never shown. */
export const targetResponse = (url: string | null): { url: string } | null => (url === null ? null : { url });

/** JSON texts of events with the first deliveries of each. */
export async function eventJsonList(
  db: Queryable,
  links: WorkflowLinks,
  projectId: string,
  events: StoredEvent[],
): Promise<string[]> {
  if (events.length === 0) return [];
  const ids = events.map(({ id }) => id);
  const byEvent = await firstDeliveriesOf(db, projectId, ids, MAX_DELIVERIES_RETURNED);
  // One round of links for the whole page, not one for each event.
  const answers = await deliveryResponses(links, [...byEvent.values()].flat());
  const answersByEvent = Map.groupBy(answers, ({ event }) => event);
  return events.map((event) => eventJson(event, answersByEvent.get(event.id) ?? []));
}

/** JSON text of one event as it stands now; throws not_found. */
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
