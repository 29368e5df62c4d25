import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../set-up/eventually.ts';

export type OfferedEvent = { id: string; type: string; data: unknown };

export type PostResponse = { status: number; retryAfter: string | null; seconds: number };

/** A producer that posts every event until it is acknowledged, with the same id, whatever happens on the way. */
export type EventStream = {
  /** The ids that got a 202. */
  acknowledged: Set<string>;
  /** Every response in order of arrival, without broken connections. */
  responses: PostResponse[];
  untilAcknowledged(count: number): Promise<void>;
  done: Promise<void>;
  /** Gives up what is not acknowledged yet. */
  stop(): Promise<void>;
};

const PRODUCERS = 8;
const RETRY_INTERVAL_MS = 50;
const RESPONSE_TIMEOUT_MS = 20_000;

export type Pace = {
  /** Of each producer, after each event. */
  pauseMs: number;
  /** Whether producers wait before the next event. Called with the ids that are acknowledged. */
  isAhead(acknowledged: Set<string>): boolean;
};

/** `apiUrls` are used in turn, as behind a load balancer. Without a pace, producers post as fast as they can. */
export function startEventStream(
  apiUrls: string[],
  key: string,
  events: Iterable<OfferedEvent>,
  pace?: Pace,
): EventStream {
  const acknowledged = new Set<string>();
  const responses: PostResponse[] = [];
  const queue = oneByOne(events);
  let posts = 0;
  let stopped = false;

  async function post(event: OfferedEvent): Promise<void> {
    const startedAt = performance.now();
    const response = await fetch(`${apiUrls[posts++ % apiUrls.length]}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(event),
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    });
    const seconds = (performance.now() - startedAt) / 1000;
    responses.push({ status: response.status, retryAfter: response.headers.get('retry-after'), seconds });
    await response.text();
    if (response.status === 202) acknowledged.add(event.id);
  }

  async function produce(): Promise<void> {
    for (const event of queue) {
      while (!acknowledged.has(event.id) && !stopped) {
        await post(event).catch(() => {});
        if (!acknowledged.has(event.id)) await sleep(RETRY_INTERVAL_MS);
      }
      if (pace) await wait(pace);
    }
  }

  async function wait({ pauseMs, isAhead }: Pace): Promise<void> {
    do await sleep(pauseMs);
    while (!stopped && isAhead(acknowledged));
  }

  const done = Promise.all(Array.from({ length: PRODUCERS }, produce)).then(() => {});
  return {
    acknowledged,
    responses,
    untilAcknowledged: (count) => eventually(() => acknowledged.size >= count),
    done,
    stop() {
      stopped = true;
      return done;
    },
  };
}

/** An iterator that several producers share. */
function* oneByOne<T>(items: Iterable<T>): Generator<T> {
  yield* items;
}
