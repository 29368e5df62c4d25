import type { Call } from '../call.ts';
import type { ChangedEventType, EventType, EventTypeSettings, ListEventTypesQuery } from '../models.ts';
import { iteratePages, type Page } from '../pages.ts';
import { idPath } from '../path.ts';

export function eventTypesOf(call: Call) {
  const list = (query: ListEventTypesQuery = {}): Promise<Page<EventType>> =>
    call('GET', '/v1/event-types', { query });
  return {
    list,
    all: (query: Omit<ListEventTypesQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    /** Makes the type or changes it; what is left out is the profile's. */
    put: (type: string, settings: EventTypeSettings): Promise<ChangedEventType> =>
      call('PUT', idPath`/v1/event-types/${type}`, { body: settings }),
    /** What the project says of the type; one of the profile stays, as the profile has it. */
    delete: (type: string): Promise<void> => call('DELETE', idPath`/v1/event-types/${type}`),
  };
}
