import type { Call, Connection } from '../call.ts';
import { type ListenerStreamOptions, streamListenerRequests } from '../listener-stream.ts';
import type {
  CreatedListener,
  Listener,
  ListenerResponse,
  ListListenersQuery,
  NewListener,
} from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';
import { idPath } from '../path.ts';

/** Endpoints without a URL: a client reads their requests, and reports the responses. */
export function listenersOf(call: Call, connection: Connection) {
  const list = (query: ListListenersQuery = {}): Promise<Page<Listener>> =>
    call('GET', '/v1/listeners', { query });
  return {
    /** The response contains the secret, unless the consumer has a listener with this label: then it is that one. */
    create: (listener: NewListener = {}): Promise<CreatedListener> =>
      call('POST', '/v1/listeners', { body: listener }),
    list,
    all: (query: Omit<ListListenersQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    /** Deletes the listener and cancels its open deliveries. */
    delete: (id: string): Promise<void> => call('DELETE', idPath`/v1/listeners/${id}`),
    /** See streamListenerRequests. */
    requests: (id: string, options: ListenerStreamOptions = {}) =>
      streamListenerRequests(connection, id, options),
    /** Reports the response to a request, or the `error` that kept it from having one. */
    respond: (id: string, response: ListenerResponse): Promise<void> =>
      call('POST', idPath`/v1/listeners/${id}/responses`, { body: response }),
  };
}
