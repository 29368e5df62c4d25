import type { Call } from '../call.ts';
import type { ChangedEventType, EventType, EventTypeSettings, ListEventTypesQuery } from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';
import { idPath } from '../path.ts';

export function eventTypesOf(call: Call) {
  const list = (query: ListEventTypesQuery = {}): Promise<Page<EventType>> =>
    call('GET', '/v1/event-types', { query });
  return {
    list,
    all: (query: Omit<ListEventTypesQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    /** Creates or replaces the type. Omitted fields are those of the profile. */
    put: (type: string, settings: EventTypeSettings): Promise<ChangedEventType> =>
      call('PUT', idPath`/v1/event-types/${type}`, { body: settings }),
    /** Deletes the project's settings of the type. A type of the profile stays in the catalogue. */
    delete: (type: string): Promise<void> => call('DELETE', idPath`/v1/event-types/${type}`),
  };
}
