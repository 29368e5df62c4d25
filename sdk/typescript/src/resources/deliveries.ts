import { withAttributes } from '../attribute-query.ts';
import type { Call } from '../call.ts';
import type {
  Attempt,
  Delivery,
  DeliveryDetails,
  ListAttemptsQuery,
  ListDeliveriesQuery,
} from '../models.ts';
import { iteratePages, type Page, type SearchedPage } from '../pagination.ts';
import { idPath } from '../path.ts';

/** `attributes`: only deliveries of events that have all of these. It makes the call a search, which needs `since`. */
export type DeliveriesQuery = ListDeliveriesQuery & { attributes?: Record<string, string> };

export function deliveriesOf(call: Call) {
  const list = (query: DeliveriesQuery = {}): Promise<SearchedPage<Delivery>> =>
    call('GET', '/v1/deliveries', { query: withAttributes(query) });
  return {
    get: (id: string): Promise<DeliveryDetails> => call('GET', idPath`/v1/deliveries/${id}`),
    list,
    all: (query: Omit<DeliveriesQuery, 'cursor'> = {}) => iteratePages((page) => list({ ...query, ...page })),
    attempts: (id: string, query: ListAttemptsQuery = {}): Promise<Page<Attempt>> =>
      call('GET', idPath`/v1/deliveries/${id}/attempts`, { query }),
    /** Returns the delivery if it is open, otherwise a new one whose `replayOf` is its id. */
    retry: (id: string): Promise<DeliveryDetails> => call('POST', idPath`/v1/deliveries/${id}/retry`),
    cancel: (id: string): Promise<DeliveryDetails> => call('POST', idPath`/v1/deliveries/${id}/cancel`),
  };
}
