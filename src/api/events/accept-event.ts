import { parseDuration } from '../../policy/duration.ts';
import type { AcceptedEvent, AcceptResult, EventDraft } from '../../store/events/event-draft.ts';
import { type Queryable, StoreUnavailable } from '../../store/postgres/database.ts';
import { initialDeliveryResponse } from '../deliveries/delivery-responses.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { onDisconnect } from '../http/on-disconnect.ts';
import { jsonText, type RouteResponse, type TenantCall } from '../http/route.ts';
import { Problem } from '../problems/problem.ts';
import { eventJson, readEvent } from './event-responses.ts';
import type { waitQuery } from './event-schemas.ts';

type AcceptingCall = Pick<TenantCall<{ query: typeof waitQuery }>, 'tenant' | 'query' | 'response'>;

/** Stores one event and answers with it: 202, or 200 when `wait` saw every delivery settle. */
export function createAcceptEvent(
  deps: ApiDependencies,
  db: Queryable,
): (call: AcceptingCall, draft: EventDraft) => Promise<RouteResponse> {
  const { acceptor, links, metrics } = deps;

  return async (call, draft) => {
    const { tenant, query } = call;
    const result = await acceptor.acceptOne(draft);
    const accepted = acceptedOrThrow(result, '');
    if (result.kind === 'accepted') metrics?.recordAcceptedEvents(tenant.projectId, 1);
    const stored = about(draft, jsonText(202, acceptedText(draft, accepted)));
    if (result.kind === 'accepted' && query.wait === undefined) return stored;
    if (query.wait !== undefined) await untilSettled(deps, call, accepted, parseDuration(query.wait)! * 1000);
    try {
      // Read even for a repeated post: the body composed now is not the one that receivers got then.
      const { settled, text } = await readEvent(db, links, tenant, draft.id);
      return about(draft, jsonText(settled && query.wait !== undefined ? 200 : 202, text));
    } catch (error) {
      // It is stored: a 503 would make the producer post it a second time, under another id.
      if (error instanceof StoreUnavailable && result.kind === 'accepted') return stored;
      throw error;
    }
  };
}

/** The event as it was stored; throws why it was not, with `pointer` before each pointer. */
export function acceptedOrThrow(result: AcceptResult, pointer: string): AcceptedEvent {
  switch (result.kind) {
    case 'id_conflict':
      throw new Problem('id_conflict', undefined, {
        errors: [{ pointer: `${pointer}/id`, detail: 'is the id of an event with other content' }],
      });
    case 'too_many_endpoints':
      throw new Problem('too_many_endpoints', undefined, {
        errors: [{ pointer, detail: 'matches more than 10,000 endpoints' }],
      });
    case 'batch_too_large':
      throw new Problem('too_many_endpoints', undefined, {
        errors: [
          { pointer: '/events', detail: 'match more than 100,000 endpoints in all: send fewer in a batch' },
        ],
      });
    default:
      return result.event;
  }
}

const about = ({ id }: EventDraft, answer: RouteResponse): RouteResponse => ({ ...answer, eventId: id });

const acceptedText = (draft: EventDraft, { status, deliveryCount, deliveries }: AcceptedEvent): string =>
  eventJson(
    { ...draft, targetUrl: draft.target?.url ?? null, status, deliveryCount },
    deliveries?.map((born) => initialDeliveryResponse(born, draft.id, draft.createdAt)),
  );

/** Until nothing of the event is open any more, time is up, the caller goes or the process stops. */
async function untilSettled(
  { settlementWaiters, shutdownSignal }: ApiDependencies,
  { response, tenant }: AcceptingCall,
  { id, status }: AcceptedEvent,
  timeoutMs: number,
): Promise<void> {
  if (status !== 'pending') return;
  const gone = new AbortController();
  onDisconnect(response, () => gone.abort());
  await settlementWaiters.waitUntilSettled(
    tenant,
    id,
    timeoutMs,
    AbortSignal.any([gone.signal, shutdownSignal]),
  );
}
