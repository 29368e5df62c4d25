import { parseDuration } from '../../policy/duration.ts';
import type { AcceptedEvent, AcceptResult, EventDraft } from '../../store/events/event-draft.ts';
import { type Queryable, StoreUnavailable } from '../../store/postgres/database.ts';
import { may, type Tenant } from '../auth/tenant.ts';
import { initialDeliveryResponse } from '../deliveries/delivery-responses.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { disconnected } from '../http/on-disconnect.ts';
import { jsonText, type RouteResponse, type TenantCall } from '../http/route.ts';
import { Problem } from '../problems/problem.ts';
import { eventJson, readEvent } from './event-responses.ts';
import type { waitQuery } from './event-schemas.ts';
import type { TracedAcceptance } from './trace-acceptance.ts';

type AcceptingCall = Pick<TenantCall<{ query: typeof waitQuery }>, 'tenant' | 'query' | 'response'>;

/** Stores one event. Responds 202, or 200 if every delivery settled within `wait`. */
export function createAcceptEvent(
  deps: ApiDependencies,
  db: Queryable,
): (call: AcceptingCall, draft: EventDraft, traced?: TracedAcceptance) => Promise<RouteResponse> {
  const { acceptor, links, metrics } = deps;

  return async (call, draft, traced) => {
    const { tenant, query } = call;
    const result = await acceptor.acceptOne(draft);
    const accepted = acceptedOrThrow(result, '');
    // Before the wait: the span says how long the event took to be stored.
    traced?.accepted(1);
    if (result.kind === 'accepted') metrics?.recordAcceptedEvents(tenant.projectId, 1);
    const stored = withEventId(draft, jsonText(202, acceptedJson(tenant, draft, accepted)));
    if (result.kind === 'accepted' && query.wait === undefined) return stored;
    if (query.wait !== undefined)
      await waitForSettlement(deps, call, accepted, parseDuration(query.wait)! * 1000);
    try {
      // A repeated post must return the body that receivers got, not one that the current profile would compose.
      const { settled, text } = await readEvent(db, links, tenant, draft.id);
      return withEventId(draft, jsonText(settled && query.wait !== undefined ? 200 : 202, text));
    } catch (error) {
      // The event is stored, so a 503 could make the producer post it again under another id.
      if (error instanceof StoreUnavailable && result.kind === 'accepted') return stored;
      throw error;
    }
  };
}

/** Returns the stored event. Throws the Problem that prevented it; `pointer` is prepended to each error's pointer. */
export function acceptedOrThrow(result: AcceptResult, pointer: string): AcceptedEvent {
  switch (result.kind) {
    case 'id_conflict':
      throw new Problem('id_conflict', undefined, {
        errors: [{ pointer: `${pointer}/id`, detail: 'is the id of an event with different content' }],
      });
    case 'too_many_endpoints':
      throw new Problem('too_many_endpoints', undefined, {
        errors: [{ pointer, detail: 'matches more than 10,000 endpoints' }],
      });
    case 'batch_too_large':
      throw new Problem('too_many_endpoints', undefined, {
        errors: [
          {
            pointer: '/events',
            detail: 'match more than 100,000 endpoints together: send fewer events per batch',
          },
        ],
      });
    default:
      return result.event;
  }
}

const withEventId = ({ id }: EventDraft, response: RouteResponse): RouteResponse => ({
  ...response,
  eventId: id,
});

function acceptedJson(tenant: Tenant, draft: EventDraft, accepted: AcceptedEvent): string {
  const { sequence, status, expiresAt, deliveryCount, deliveries } = accepted;
  const event = { ...draft, ...draft.withSequence?.(sequence), sequence };
  return eventJson(
    {
      ...event,
      targetUrl: draft.target?.url ?? null,
      status,
      expiresAt,
      payloadRemovedAt: null,
      deliveryCount,
    },
    deliveries?.map((delivery) => initialDeliveryResponse(delivery, event)),
    may(tenant, 'payloads'),
  );
}

/** Waits until all deliveries have settled, time is up, the caller disconnects or the process stops. */
async function waitForSettlement(
  { settlementWaiters, shutdownSignal }: ApiDependencies,
  { response, tenant }: AcceptingCall,
  { id, status }: AcceptedEvent,
  timeoutMs: number,
): Promise<void> {
  if (status !== 'pending') return;
  await settlementWaiters.waitUntilSettled(
    tenant,
    id,
    timeoutMs,
    AbortSignal.any([disconnected(response), shutdownSignal]),
  );
}
