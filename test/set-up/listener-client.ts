import { type ListenerRequest, PosthornClient } from '../../sdk/typescript/src/index.ts';
import type { ListenerResponse } from '../../sdk/typescript/src/models.ts';
import { eventually } from './eventually.ts';

export type ReceivedRequest = ListenerRequest;

export type ListenerClient = {
  requests: ReceivedRequest[];
  untilReceived(count: number, timeoutMs?: number): Promise<void>;
  respond(request: ReceivedRequest, response: Omit<ListenerResponse, 'delivery' | 'attempt'>): Promise<void>;
  /** Resolves when the stream has ended, with its failure if it had one. */
  ended: Promise<unknown>;
  close(): Promise<void>;
};

type Respond = (request: ReceivedRequest) => Omit<ListenerResponse, 'delivery' | 'attempt'> | null;

/** Reads the requests of a listener with the SDK, and responds to each with what `respond` returns, if anything. */
export function connectListener(
  url: string,
  apiKey: string,
  id: string,
  respond: Respond = () => null,
): ListenerClient {
  const client = new PosthornClient({ url, apiKey });
  const closing = new AbortController();
  const requests: ReceivedRequest[] = [];
  const send: ListenerClient['respond'] = ({ delivery, attempt }, response) =>
    client.listeners.respond(id, { delivery, attempt, ...response });

  async function read(): Promise<void> {
    for await (const request of client.listeners.requests(id, { signal: closing.signal })) {
      requests.push(request);
      const response = respond(request);
      // A response may be too late, or the API may be away: the test sees it from the delivery.
      if (response) void send(request, response).catch(() => {});
    }
  }
  const ended = read().catch((error: unknown) => error);

  return {
    requests,
    untilReceived: (count, timeoutMs) => eventually(() => requests.length >= count, timeoutMs),
    respond: send,
    ended,
    async close() {
      closing.abort();
      await ended;
    },
  };
}
