import type { Call } from '../call.ts';
import type { EventType, EventTypeSettings, ListEventTypesQuery } from '../models.ts';
import { itemsOf, type Page } from '../pages.ts';
import { path } from '../path.ts';

export function eventTypesOf(call: Call) {
  const list = (query: ListEventTypesQuery = {}): Promise<Page<EventType>> =>
    call('GET', '/v1/event-types', { query });
  return {
    list,
    all: (query: Omit<ListEventTypesQuery, 'cursor'> = {}) => itemsOf((page) => list({ ...query, ...page })),
    /** Makes the type or changes it; what is left out is the profile's. */
    put: (type: string, settings: EventTypeSettings): Promise<EventType> =>
      call('PUT', path`/v1/event-types/${type}`, { body: settings }),
  };
}
