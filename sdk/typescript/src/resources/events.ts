import { withAttributes } from '../attribute-query.ts';
import type { Call } from '../call.ts';
import type {
  AcceptedEvent,
  AcceptedItem,
  DeliveryDetails,
  Erasure,
  Event,
  EventSummary,
  ListEventsQuery,
  NewEvent,
  PostEventQuery,
} from '../models.ts';
import { iteratePages, type SearchedPage } from '../pagination.ts';
import { idPath } from '../path.ts';

/** `attributes`: only events that have all of these. It makes the call a search, which needs `since`. */
export type EventsQuery = Omit<ListEventsQuery, 'fields'> & { attributes?: Record<string, string> };

export function eventsOf(call: Call) {
  const list = (query: EventsQuery = {}): Promise<SearchedPage<Event>> =>
    call('GET', '/v1/events', { query: withAttributes(query) });
  const summaries = (query: EventsQuery = {}): Promise<SearchedPage<EventSummary>> =>
    call('GET', '/v1/events', { query: { ...withAttributes(query), fields: 'summary' } });
  return {
    /** With an `id` of your own you can safely send the event again after a failure: it is stored once. */
    send: (event: NewEvent, query: PostEventQuery = {}): Promise<AcceptedEvent> =>
      call('POST', '/v1/events', { query, body: event }),
    /** Sends up to 1,000 events. All of them are stored, or none. */
    sendAll: async (events: NewEvent[]): Promise<AcceptedItem[]> =>
      (await call<{ items: AcceptedItem[] }>('POST', '/v1/events/batch', { body: { events } })).items,
    get: (id: string): Promise<Event> => call('GET', idPath`/v1/events/${id}`),
    /** Sends an event to one more endpoint, whatever it subscribed to. */
    deliverTo: (id: string, endpoint: string): Promise<DeliveryDetails> =>
      call('POST', idPath`/v1/events/${id}/deliveries`, { body: { endpoint } }),
    /** Erases the event with its deliveries, attempts and outcomes. `erasures.get` reports the end. */
    delete: (id: string): Promise<Erasure> => call('DELETE', idPath`/v1/events/${id}`),
    list,
    all: (query: Omit<EventsQuery, 'cursor'> = {}) => iteratePages((page) => list({ ...query, ...page })),
    /** Lists events with sizes and counts instead of data, bodies and deliveries. */
    summaries,
    allSummaries: (query: Omit<EventsQuery, 'cursor'> = {}) =>
      iteratePages((page) => summaries({ ...query, ...page })),
  };
}
