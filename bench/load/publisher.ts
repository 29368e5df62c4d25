import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { nowMicros } from '../clock.ts';
import { serveCommands } from '../processes/remote-process.ts';
import { timestampedId } from './event-ids.ts';

/* The load generator. */

export type Load = {
  url: string;
  key: string;
  type: string;
  /** Distinguishes the ids of this load from every other's. */
  run: string;
  /** Closed: each publisher posts again as soon as it is answered. Open: at a rate, whatever the answers do. */
  loop:
    | { kind: 'closed'; publishers: number; seconds: number }
    | { kind: 'closed'; publishers: number; events: number }
    | { kind: 'open'; perSecond: number; seconds: number };
  /** Events in one post; 1 goes to /v1/events, more to /v1/events/batch. */
  batch: number;
  /** Asks for the answer when every delivery has settled: what is under way is then bounded by the publishers. */
  waitForDelivery?: boolean;
  /** Posts again with the same ids until it is accepted, as a producer would whose answer was lost. */
  retryUntilAccepted: boolean;
};

export type PublishResult = {
  /** Ids of the events that were answered as they should: with 202, or with 200 to those who wait. */
  acceptedIds: string[];
  /** Posts with another answer, or none. */
  failedPosts: number;
  /** Milliseconds from the call to the answer, for each accepted post. */
  acceptLatenciesMs: number[];
  startedAt: number;
  endedAt: number;
};

export type PublisherCommands = {
  publish(load: Load): Promise<PublishResult>;
  /** Events accepted so far by the publish under way. */
  accepted(): number;
};

/** With type, id and punctuation around it, a post of one event has 1,024 bytes. */
const EVENT_BYTES = 1_024;
const CONNECTIONS = 128;
const INSIST_AFTER_MS = 50;

let published: PublishResult;

async function publish(load: Load): Promise<PublishResult> {
  const { loop } = load;
  published = { acceptedIds: [], failedPosts: 0, acceptLatenciesMs: [], startedAt: nowMicros(), endedAt: 0 };
  const pool = new Pool(load.url, { connections: CONNECTIONS, pipelining: 1 });
  const post = poster(load, pool);
  if (loop.kind === 'open') await atRate(loop.perSecond, loop.seconds, post);
  else await closed(loop, post);
  published.endedAt = nowMicros();
  await pool.close();
  return published;
}

async function closed(
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

/** Evenly spaced from the start: a call that comes late does not make the next ones late. */
async function atRate(perSecond: number, seconds: number, post: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const underWay = new Set<Promise<void>>();
  for (let n = 0; n < perSecond * seconds; n++) {
    const wait = startedAt + (n * 1_000) / perSecond - performance.now();
    if (wait > 0) await sleep(wait);
    const posted: Promise<void> = post().finally(() => underWay.delete(posted));
    underWay.add(posted);
  }
  await Promise.all(underWay);
}

function poster(
  { key, type, run, batch, waitForDelivery, retryUntilAccepted }: Load,
  pool: Pool,
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
      if (retryUntilAccepted) await sleep(INSIST_AFTER_MS);
    } while (retryUntilAccepted);
  };
}

function eventText(id: string, type: string): string {
  const head = `{"id":"${id}","type":"${type}","data":{"fill":"`;
  return `${head}${'x'.repeat(EVENT_BYTES - head.length - 3)}"}}`;
}

/** Null when there was no answer. */
async function statusOf(
  pool: Pool,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<number | null> {
  try {
    const answered = await pool.request({ method: 'POST', path, headers, body });
    await answered.body.dump();
    return answered.statusCode;
  } catch {
    return null;
  }
}

const commands: PublisherCommands = { publish, accepted: () => published.acceptedIds.length };
serveCommands(commands);
