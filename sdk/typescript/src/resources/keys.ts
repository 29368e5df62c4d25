import type { Call, CreateOptions } from '../call.ts';
import type { ApiKey, CreatedKey, ListKeysQuery, NewKey } from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';
import { idPath } from '../path.ts';

export function keysOf(call: Call) {
  const list = (query: ListKeysQuery = {}): Promise<Page<ApiKey>> => call('GET', '/v1/keys', { query });
  return {
    /** The response contains the key. No later response does, except that to the same call with its idempotency key. */
    create: (key: NewKey = {}, options: CreateOptions = {}): Promise<CreatedKey> =>
      call('POST', '/v1/keys', { body: key, ...options }),
    list,
    all: (query: Omit<ListKeysQuery, 'cursor'> = {}) => iteratePages((page) => list({ ...query, ...page })),
    /** The key stops working within a second. */
    delete: (id: string): Promise<void> => call('DELETE', idPath`/v1/keys/${id}`),
  };
}
