import type { Call } from '../call.ts';
import type { Consumer, ConsumerSettings, ListConsumersQuery } from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';
import { idPath } from '../path.ts';

export function consumersOf(call: Call) {
  const list = (query: ListConsumersQuery = {}): Promise<Page<Consumer>> =>
    call('GET', '/v1/consumers', { query });
  return {
    /** Creates or replaces the consumer. Omitted fields are cleared. */
    put: (id: string, settings: ConsumerSettings): Promise<Consumer> =>
      call('PUT', idPath`/v1/consumers/${id}`, { body: settings }),
    get: (id: string): Promise<Consumer> => call('GET', idPath`/v1/consumers/${id}`),
    list,
    all: (query: Omit<ListConsumersQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    delete: (id: string): Promise<void> => call('DELETE', idPath`/v1/consumers/${id}`),
  };
}
