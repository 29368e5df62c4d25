import { setTimeout as sleep } from 'node:timers/promises';
import { BalancedPool, Pool } from 'undici';
import { nowMicros } from '../clock.ts';
import { serveCommands } from '../processes/remote-process.ts';
import { timestampedId } from './event-ids.ts';

/* The load generator. */

export type Load = {
  /** Of an API, or of several that take posts in turn. */
  url: string | string[];
  key: string;
  /** Of the events; `bench.event` without it. */
  type?: string;
  /** Prefix of the event ids of this load. */
  run: string;
  /** Closed: each publisher posts again as soon as it gets a response. Open: a constant rate, independent of responses. */
  loop:
    | { kind: 'closed'; publishers: number; seconds: number }
    | { kind: 'closed'; publishers: number; events: number }
    | { kind: 'open'; perSecond: number; seconds: number };
  /** Events per post, 1 without it. 1 uses /v1/events, more use /v1/events/batch. */
  batch?: number;
  /** Requests the response when every delivery has settled, so the number of publishers bounds the events in flight. */
  waitForDelivery?: boolean;
  /** Posts again with the same ids until accepted, as a producer does that got no response. */
  retryUntilAccepted?: boolean;
};

export type PublishResult = {
  /** Ids of the accepted events: with status 202, or 200 when waiting for the delivery. */
  acceptedIds: string[];
  /** Posts with another response, or none. */
  failedPosts: number;
  /** Milliseconds from the call to the response, for each accepted post. */
  acceptLatenciesMs: number[];
  startedAt: number;
  endedAt: number;
};

export type PublisherCommands = {
  publish(load: Load): Promise<PublishResult>;
  /** Events that the running publish call has accepted so far. */
  accepted(): number;
};

/** Size of the body of a post with one event. */
const EVENT_BYTES = 1_024;
const CONNECTIONS = 128;
const REPOST_AFTER_MS = 50;

let published: PublishResult;

async function publish(load: Load): Promise<PublishResult> {
  const { loop } = load;
  published = { acceptedIds: [], failedPosts: 0, acceptLatenciesMs: [], startedAt: nowMicros(), endedAt: 0 };
  const options = { connections: CONNECTIONS, pipelining: 1 };
  const pool = Array.isArray(load.url) ? new BalancedPool(load.url, options) : new Pool(load.url, options);
  const post = poster(load, pool);
  if (loop.kind === 'open') await atRate(loop.perSecond, loop.seconds, post);
  else await inClosedLoop(loop, post);
  published.endedAt = nowMicros();
  await pool.close();
  return published;
}

async function inClosedLoop(
  loop: Extract<Load['loop'], { kind: 'closed' }>,
  post: () => Promise<void>,
): Promise<void> {
  const until = 'seconds' in loop ? performance.now() + loop.seconds * 1_000 : Number.POSITIVE_INFINITY;
  let left = 'events' in loop ? loop.events : Number.POSITIVE_INFINITY;
  const publisher = async (): Promise<void> => {
    while (left > 0 && performance.now() < until) {
      left -= 1;
      await post();
    }
  };
  await Promise.all(Array.from({ length: loop.publishers }, publisher));
}

/** Posts are scheduled from the start time, so a late post does not delay the next ones. */
async function atRate(perSecond: number, seconds: number, post: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const inFlight = new Set<Promise<void>>();
  for (let n = 0; n < perSecond * seconds; n++) {
    const wait = startedAt + (n * 1_000) / perSecond - performance.now();
    if (wait > 0) await sleep(wait);
    const posted: Promise<void> = post().finally(() => inFlight.delete(posted));
    inFlight.add(posted);
  }
  await Promise.all(inFlight);
}

function poster(
  { key, type = 'bench.event', run, batch = 1, waitForDelivery, retryUntilAccepted }: Load,
  pool: Pool | BalancedPool,
): () => Promise<void> {
  let number = 0;
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const path = batch > 1 ? '/v1/events/batch' : waitForDelivery ? '/v1/events?wait=60s' : '/v1/events';
  return async () => {
    const calledAt = nowMicros();
    const ids = Array.from({ length: batch }, () => timestampedId(run, ++number, calledAt));
    const events = ids.map((id) => eventText(id, type));
    const body = batch === 1 ? events[0]! : `{"events":[${events.join(',')}]}`;
    do {
      const status = await statusOf(pool, path, headers, body);
      if (status === (waitForDelivery ? 200 : 202)) {
        published.acceptLatenciesMs.push((nowMicros() - calledAt) / 1_000);
        published.acceptedIds.push(...ids);
        return;
      }
      published.failedPosts += 1;
      if (retryUntilAccepted) await sleep(REPOST_AFTER_MS);
    } while (retryUntilAccepted);
  };
}

function eventText(id: string, type: string): string {
  const head = `{"id":"${id}","type":"${type}","data":{"fill":"`;
  return `${head}${'x'.repeat(EVENT_BYTES - head.length - 3)}"}}`;
}

/** Null without a response. */
async function statusOf(
  pool: Pool | BalancedPool,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<number | null> {
  try {
    const response = await pool.request({ method: 'POST', path, headers, body });
    await response.body.dump();
    return response.statusCode;
  } catch {
    return null;
  }
}

const commands: PublisherCommands = { publish, accepted: () => published.acceptedIds.length };
serveCommands(commands);
