import type { Call } from '../call.ts';
import type { Attempt, Delivery, ListAttemptsQuery, ListDeliveriesQuery } from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';
import { idPath } from '../path.ts';

export function deliveriesOf(call: Call) {
  const list = (query: ListDeliveriesQuery = {}): Promise<Page<Delivery>> =>
    call('GET', '/v1/deliveries', { query });
  return {
    get: (id: string): Promise<Delivery> => call('GET', idPath`/v1/deliveries/${id}`),
    list,
    all: (query: Omit<ListDeliveriesQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    attempts: (id: string, query: ListAttemptsQuery = {}): Promise<Page<Attempt>> =>
      call('GET', idPath`/v1/deliveries/${id}/attempts`, { query }),
    /** Returns the delivery if it is open, otherwise a new one whose `replayOf` is its id. */
    retry: (id: string): Promise<Delivery> => call('POST', idPath`/v1/deliveries/${id}/retry`),
    cancel: (id: string): Promise<Delivery> => call('POST', idPath`/v1/deliveries/${id}/cancel`),
  };
}
