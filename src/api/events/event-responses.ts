import { firstDeliveriesOf } from '../../store/deliveries/delivery-reads.ts';
import { MAX_DELIVERIES_RETURNED } from '../../store/events/accept/accept-result.ts';
import { findEvent, type StoredEvent } from '../../store/events/event-reads.ts';
import type { EventSummary } from '../../store/events/event-summaries.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { may, type Tenant } from '../auth/tenant.ts';
import { deliveryResponses } from '../deliveries/delivery-responses.ts';
import type { DeliveryResponse } from '../deliveries/delivery-schemas.ts';
import type { WorkflowLinks } from '../ports.ts';
import { Problem } from '../problems/problem.ts';

/** An event without its deliveries. */
export type EventFields = Omit<StoredEvent, 'deliveryCount'> & { deliveryCount: number };

/**
 * Returns an event as JSON text. `data` is inserted byte for byte, because parsing and serializing it again would change
 * numbers such as 12345678901234567890 and 1.0, and drop repeated names. A session of the portal may see only its size.
 */
export function eventJson(
  event: EventFields,
  deliveries: DeliveryResponse[] | undefined,
  showsPayload: boolean,
): string {
  const { id, sequence, type, consumer, status, test, createdAt, expiresAt } = event;
  const { attributes, data, body, deliveryCount } = event;
  const target = targetResponse(event.targetUrl);
  const time = createdAt.toISOString();
  const head = JSON.stringify({
    id,
    sequence,
    type,
    consumer,
    status,
    test,
    createdAt: time,
    expiresAt: expiresAt?.toISOString() ?? null,
    attributes,
    target,
  });
  const { payloadRemovedAt } = event;
  const hidden = `"data":null,"body":null,"payloadRemovedAt":null,"bytes":${body.length}`;
  const payload = payloadRemovedAt
    ? `"data":null,"body":null,"payloadRemovedAt":"${payloadRemovedAt.toISOString()}"`
    : showsPayload
      ? `"data":${data.toString('utf8')},"body":${JSON.stringify(body.toString('utf8'))},"payloadRemovedAt":null`
      : hidden;
  const tail =
    deliveries === undefined
      ? ''
      : `,"deliveries":${JSON.stringify(deliveries.map((delivery) => withTextTimes(delivery, createdAt, time)))}`;
  return `${head.slice(0, -1)},${payload}${tail},"deliveryCount":${deliveryCount}}`;
}

/**
 * JSON.stringify takes longer for one Date than for all other members of a delivery. The times of a new delivery are those
 * of its event, whose text is `eventTime`.
 */
function withTextTimes(delivery: DeliveryResponse, eventCreatedAt: Date, eventTime: string) {
  const textOf = (time: Date | null): string | null =>
    time === eventCreatedAt ? eventTime : (time?.toISOString() ?? null);
  return {
    ...delivery,
    nextAttemptAt: textOf(delivery.nextAttemptAt),
    createdAt: textOf(delivery.createdAt),
    settledAt: textOf(delivery.settledAt),
    dismissedAt: textOf(delivery.dismissedAt),
  };
}

/** The normalized URL that is called. The secret of a target is never returned. */
export const targetResponse = (url: string | null): { url: string } | null => (url === null ? null : { url });

/** A summary as JSON text. */
export function eventSummaryJson(event: EventSummary): string {
  const { id, sequence, type, consumer, status, test, createdAt, expiresAt, attributes } = event;
  const { targetUrl, deliveryCount, bytes } = event;
  const { settledAt, openCount, deliveredCount, undeliverableCount, cancelledCount } = event;
  const { retryingCount, nextAttemptAt, resentCount, dismissedCount } = event;
  return JSON.stringify({
    ...{ id, sequence, type, consumer, status, test, createdAt, expiresAt, attributes },
    target: targetResponse(targetUrl),
    ...{ deliveryCount, bytes, settledAt },
    ...{ openCount, deliveredCount, undeliverableCount, cancelledCount },
    ...{ retryingCount, nextAttemptAt, resentCount, dismissedCount },
  });
}

/** Returns each event as JSON text, with its first deliveries. */
export async function eventJsonList(
  db: Queryable,
  links: WorkflowLinks,
  tenant: Tenant,
  events: StoredEvent[],
): Promise<string[]> {
  if (events.length === 0) return [];
  const ids = events.map(({ id }) => id);
  const byEvent = await firstDeliveriesOf(db, tenant.projectId, ids, MAX_DELIVERIES_RETURNED);
  // One lookup of links for the whole page, not one for each event.
  const deliveries = await deliveryResponses(links, [...byEvent.values()].flat());
  const deliveriesByEvent = Map.groupBy(deliveries, ({ event }) => event);
  const showsPayload = may(tenant, 'payloads');
  return events.map((event) => eventJson(event, deliveriesByEvent.get(event.id) ?? [], showsPayload));
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
  const [text] = await eventJsonList(db, links, tenant, [found]);
  return { settled: found.status !== 'pending', text: text! };
}
