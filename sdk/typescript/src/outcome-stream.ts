import { type Connection, request } from './call.ts';
import { errorFromResponse, PosthornError } from './posthorn-error.ts';
import { type ServerSentEvent, serverSentEvents } from './server-sent-events.ts';

export type Outcome = {
  kind:
    | 'attempt.failed'
    | 'delivery.delivered'
    | 'delivery.undeliverable'
    | 'delivery.cancelled'
    | 'event.settled';
  /** Pass it as `lastEventId` to resume after this outcome. */
  id: string;
  at: string;
  event: string;
  delivery?: string;
  endpoint?: string;
  consumer: string | null;
  status: string;
  outcome?: string;
  attempt?: number;
  nextAttemptAt?: string;
  reason?: string;
};

export type StreamOptions = {
  /** Starts after this outcome instead of now. */
  lastEventId?: string;
  /** Ends the stream when it is aborted. */
  signal?: AbortSignal;
};

/** Posthorn sends something at least every 15 s. A connection that is silent for longer is dead. */
const SILENCE_TIMEOUT_MS = 45_000;
const MAX_RECONNECT_DELAY_MS = 30_000;

/**
 * Yields the outcomes of the project, or of the consumer that the key belongs to, without end. Reconnects when the
 * connection is lost and resumes after the last outcome, without a gap. Throws a PosthornError if Posthorn refuses, for
 * example `cursor_expired` if the outcomes after `lastEventId` have been deleted.
 */
export async function* streamOutcomes(
  connection: Connection,
  { lastEventId, signal }: StreamOptions = {},
): AsyncGenerator<Outcome, void> {
  let lastId = lastEventId;
  let retryMs = 1_000;
  let failures = 0;
  while (!signal?.aborted) {
    try {
      for await (const { id, retry, event, data } of eventsAfter(connection, lastId, signal)) {
        failures = 0;
        lastId = id ?? lastId;
        retryMs = Number(retry ?? retryMs);
        if (data !== undefined) yield { kind: event, ...JSON.parse(data) } as Outcome;
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
  lastEventId: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<ServerSentEvent> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  let silence = setTimeout(end, SILENCE_TIMEOUT_MS);
  signal?.addEventListener('abort', end);
  try {
    const response = await request(connection, '/v1/outcomes', {
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
