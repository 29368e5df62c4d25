import { setTimeout as sleep } from 'node:timers/promises';
import type { PosthornClient } from '../../../../sdk/typescript/src/client.ts';
import type { ListenerRequest } from '../../../../sdk/typescript/src/listener-stream.ts';
import { PosthornError } from '../../../../sdk/typescript/src/posthorn-error.ts';
import { CommandFailure } from '../connection.ts';
import type { Forwarded } from './forward.ts';

const RETRY_MS = 500;
/** A request may come again after the connection was lost: its response is kept until then. */
const MAX_REMEMBERED = 1_000;

export type Responder = {
  /**
   * Forwards a request and reports its response. A request that comes again is reported again, and not forwarded again.
   * Returns what was forwarded; undefined for one that came again.
   */
  handle(request: ListenerRequest): Promise<Forwarded | undefined>;
};

export function createResponder(
  client: PosthornClient,
  listenerId: string,
  {
    forward,
    note,
    signal,
  }: {
    forward: (request: ListenerRequest) => Promise<Forwarded>;
    note: (text: string) => void;
    signal: AbortSignal;
  },
): Responder {
  const forwarded = new Map<string, Promise<Forwarded>>();

  async function report(request: ListenerRequest, response: Forwarded): Promise<void> {
    const { delivery, attempt, event } = request;
    const until = performance.now() + request.timeoutMs;
    for (;;) {
      try {
        return await client.listeners.respond(listenerId, { delivery, attempt, ...response });
      } catch (error) {
        if (signal.aborted) return;
        const isAway = error instanceof CommandFailure && error.exitCode === 4;
        const isRefused = error instanceof PosthornError && error.status < 500 && error.status !== 429;
        if (isRefused && error.code === 'response_too_late')
          return note(`${event}: the response came too late and does not count.`);
        if (isRefused || !(isAway || error instanceof PosthornError)) throw error;
        if (performance.now() > until) return note(`${event}: the response could not be reported.`);
        const seconds = error instanceof PosthornError ? error.retryAfter : undefined;
        await sleep(seconds === undefined ? RETRY_MS : seconds * 1_000, undefined, { signal });
      }
    }
  }

  return {
    async handle(request) {
      const key = `${request.delivery}/${request.attempt}`;
      const earlier = forwarded.get(key);
      const response = earlier ?? forward(request);
      if (!earlier) {
        if (forwarded.size >= MAX_REMEMBERED) forwarded.delete(forwarded.keys().next().value!);
        forwarded.set(key, response);
      }
      const done = await response;
      if (signal.aborted) return undefined;
      await report(request, done);
      return earlier ? undefined : done;
    },
  };
}
