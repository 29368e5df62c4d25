import type { Call } from '../call.ts';
import type {
  ChangedEventType,
  EventType,
  EventTypeSettings,
  GetEventTypeQuery,
  ListEventTypesQuery,
  NewEventTypePreview,
  Preview,
} from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';
import { idPath } from '../path.ts';

export function eventTypesOf(call: Call) {
  const list = (query: ListEventTypesQuery = {}): Promise<Page<EventType>> =>
    call('GET', '/v1/event-types', { query });
  return {
    list,
    all: (query: Omit<ListEventTypesQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    get: (type: string, query: GetEventTypeQuery = {}): Promise<EventType> =>
      call('GET', idPath`/v1/event-types/${type}`, { query }),
    /** Creates or replaces the type. Omitted fields are those of the profile. */
    put: (type: string, settings: EventTypeSettings): Promise<ChangedEventType> =>
      call('PUT', idPath`/v1/event-types/${type}`, { body: settings }),
    /** Returns the request that a receiver would get for an event, by default for the example of the type. Sends nothing. */
    preview: (type: string, event: NewEventTypePreview = {}): Promise<Preview> =>
      call('POST', idPath`/v1/event-types/${type}/preview`, { body: event }),
    /** Deletes the project's settings of the type. A type of the profile stays in the catalogue. */
    delete: (type: string): Promise<void> => call('DELETE', idPath`/v1/event-types/${type}`),
  };
}
