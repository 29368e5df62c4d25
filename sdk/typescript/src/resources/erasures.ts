import type { Call } from '../call.ts';
import type { Erasure, ListErasuresQuery } from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';
import { idPath } from '../path.ts';

export function erasuresOf(call: Call) {
  const list = (query: ListErasuresQuery = {}): Promise<Page<Erasure>> =>
    call('GET', '/v1/erasures', { query });
  return {
    get: (id: string): Promise<Erasure> => call('GET', idPath`/v1/erasures/${id}`),
    list,
    all: (query: Omit<ListErasuresQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
  };
}
