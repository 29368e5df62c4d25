import { type Connection, request } from './call.ts';
import { errorFromResponse, PosthornError } from './posthorn-error.ts';
import { type ServerSentEvent, serverSentEvents } from './server-sent-events.ts';

/** `signal` ends the stream when it is aborted. */
export type FollowOptions = { lastEventId?: string | undefined; signal?: AbortSignal | undefined };

/** Posthorn sends something at least every 15 s. A connection that is silent for longer is dead. */
const SILENCE_TIMEOUT_MS = 45_000;
const MAX_RECONNECT_DELAY_MS = 30_000;

/**
 * Yields the events of a stream without end. Reconnects when the connection is lost and resumes after the last event.
 * Throws a PosthornError if Posthorn refuses. A SyntaxError, which malformed JSON causes, ends the stream, too.
 */
export async function* followEvents(
  connection: Connection,
  path: string,
  { lastEventId, signal }: FollowOptions,
): AsyncGenerator<ServerSentEvent, void> {
  let lastId = lastEventId;
  let retryMs = 1_000;
  let failures = 0;
  while (!signal?.aborted) {
    try {
      for await (const event of eventsAfter(connection, path, lastId, signal)) {
        failures = 0;
        lastId = event.id ?? lastId;
        retryMs = Number(event.retry ?? retryMs);
        yield event;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (isFinal(error)) throw error;
      failures += 1;
    }
    await pause(Math.min(retryMs * 2 ** failures, MAX_RECONNECT_DELAY_MS), signal);
  }
}

const isFinal = (error: unknown): boolean =>
  error instanceof PosthornError ? error.status < 500 && error.status !== 429 : error instanceof SyntaxError;

async function* eventsAfter(
  connection: Connection,
  path: string,
  lastEventId: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<ServerSentEvent> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  let silence = setTimeout(end, SILENCE_TIMEOUT_MS);
  signal?.addEventListener('abort', end);
  try {
    const response = await request(connection, path, {
      method: 'GET',
      signal: ending.signal,
      headers: {
        accept: 'text/event-stream',
        ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      },
    });
    if (!response.ok || !response.body) throw await errorFromResponse(response);
    yield* serverSentEvents(response.body, () => {
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE_TIMEOUT_MS);
    });
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener('abort', end);
    // Closes the connection also when the caller leaves its loop.
    end();
  }
}

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
