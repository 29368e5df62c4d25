import type { Call } from '../call.ts';
import type {
  AcceptedEvent,
  AcceptedItem,
  Event,
  ListEventsQuery,
  NewEvent,
  PostEventQuery,
} from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';
import { idPath } from '../path.ts';

export function eventsOf(call: Call) {
  const list = (query: ListEventsQuery = {}): Promise<Page<Event>> => call('GET', '/v1/events', { query });
  return {
    /** With an `id` of your own you can safely send the event again after a failure: it is stored once. */
    send: (event: NewEvent, query: PostEventQuery = {}): Promise<AcceptedEvent> =>
      call('POST', '/v1/events', { query, body: event }),
    /** Sends up to 1,000 events. All of them are stored, or none. */
    sendAll: async (events: NewEvent[]): Promise<AcceptedItem[]> =>
      (await call<{ items: AcceptedItem[] }>('POST', '/v1/events/batch', { body: { events } })).items,
    get: (id: string): Promise<Event> => call('GET', idPath`/v1/events/${id}`),
    list,
    all: (query: Omit<ListEventsQuery, 'cursor'> = {}) => iteratePages((page) => list({ ...query, ...page })),
  };
}
