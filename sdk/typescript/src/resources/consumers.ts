import type { Call } from '../call.ts';
import type {
  Consumer,
  ConsumerSession,
  ConsumerSettings,
  Erasure,
  ListConsumerSessionsQuery,
  ListConsumersQuery,
} from '../models.ts';
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
    /** Deletes the consumer with its keys and endpoints. Its events stay. */
    delete: (id: string): Promise<void> => call('DELETE', idPath`/v1/consumers/${id}`),
    /** Deletes the consumer and erases its events. `erasures.get` reports the end. */
    erase: (id: string): Promise<Erasure> =>
      call('DELETE', idPath`/v1/consumers/${id}`, { query: { erase: 'true' } }),
    /** The sessions of the consumer in the portal that are in force. */
    sessions: (id: string, query: ListConsumerSessionsQuery = {}): Promise<Page<ConsumerSession>> =>
      call('GET', idPath`/v1/consumers/${id}/sessions`, { query }),
    /** Ends all sessions of the consumer in the portal, within a second. */
    endSessions: (id: string): Promise<void> => call('DELETE', idPath`/v1/consumers/${id}/sessions`),
  };
}
