import type { Connection } from './call.ts';
import { followEvents } from './event-stream.ts';
import { idPath } from './path.ts';

/** One attempt: the request as it is signed. */
export type ListenerRequest = {
  /** The id of the request in the stream. */
  id: string;
  delivery: string;
  attempt: number;
  event: string;
  type: string;
  url: string;
  headers: Record<string, string>;
  body: string;
  /** A response that comes later than after so many milliseconds does not count. */
  timeoutMs: number;
};

export type ListenerStreamOptions = {
  /** Gets again what was sent after this request and has no response. */
  lastEventId?: string;
  /** Ends the stream when it is aborted. */
  signal?: AbortSignal;
};

/**
 * Yields the requests of a listener. Reconnects when the connection is lost, and gets again what has no response: a request
 * may come twice. Ends when another stream of the listener begins. Throws a PosthornError if Posthorn refuses, for example
 * `not_found` if the listener is deleted.
 */
export async function* streamListenerRequests(
  connection: Connection,
  listenerId: string,
  options: ListenerStreamOptions = {},
): AsyncGenerator<ListenerRequest, void> {
  const path = idPath`/v1/listeners/${listenerId}/requests`;
  for await (const { id, event, data } of followEvents(connection, path, options)) {
    if (event === 'replaced') return;
    if (event === 'request' && data !== undefined) yield { id, ...JSON.parse(data) } as ListenerRequest;
  }
}
