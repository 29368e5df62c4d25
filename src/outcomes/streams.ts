import { Readable } from 'node:stream';
import type { OutcomeStreams } from '../api/ports.ts';
import type { Notifications } from '../store/outcomes/notifications.ts';
import {
  type Cursor,
  currentCursor,
  eventsSince,
  formatCursor,
  isAfter,
  isResumable,
  type OutcomeRow,
  outcomesAfter,
  parseCursor,
  type StreamPosition,
} from '../store/outcomes/outcomes.ts';
import type { Queryable } from '../store/postgres/database.ts';
import { mapOutage } from '../store/postgres/map-outages.ts';
import type { Scope } from '../store/scope.ts';
import { createOutcomeFeeds } from './outcome-feeds.ts';
import { formatServerSentEvent } from './server-sent-event.ts';
import type { Subscription } from './subscription.ts';

/** Keeps proxies from closing a quiet stream, and its reader's place near the present. */
const KEEP_ALIVE_MS = 15_000;
const ROWS_PER_READ = 100;
/** Beside the chunk that goes beyond it. */
const BUFFERED_BYTES = 16 * 1024;

export type OutcomeStreamDependencies = {
  /** For what all streams follow together. */
  db: Queryable;
  /** For what one tenant reads again. */
  queryableFor: (party: Scope) => Queryable;
  notifications: Notifications;
  onFailure: (error: unknown) => void;
  keepAliveMs?: number;
};

/**
 * Server-sent events of outcomes. A stream first reads by itself what lies between its cursor and the present, a page at
 * a time, and then follows the feed of its project; one whose reader is slow falls back to reading by itself.
 */
export function createOutcomeStreams({
  db,
  queryableFor,
  notifications,
  onFailure,
  keepAliveMs = KEEP_ALIVE_MS,
}: OutcomeStreamDependencies): OutcomeStreams & { close(): void } {
  const feeds = createOutcomeFeeds({ db, notifications, onFailure });
  const open = new Set<AbortController>();

  async function startOf(lastEventId: string | null): Promise<Cursor | 'expired'> {
    const present = await mapOutage(currentCursor(db));
    if (lastEventId === null) return present;
    const cursor = parseCursor(lastEventId);
    return cursor && isResumable(cursor, present) ? cursor : 'expired';
  }

  return {
    async open(scope, lastEventId) {
      const start = await startOf(lastEventId);
      if (start === 'expired') return 'expired';
      const ended = new AbortController();
      open.add(ended);
      const source = chunks(scope, start, ended.signal);
      return new Readable({
        highWaterMark: BUFFERED_BYTES,
        read() {
          source.next().then(
            ({ done, value }) => void this.push(done ? null : value),
            (error: Error) => void this.destroy(error),
          );
        },
        destroy(error, done) {
          open.delete(ended);
          ended.abort();
          done(error);
        },
      });
    },
    close() {
      for (const ended of open) ended.abort();
      feeds.close();
    },
  };

  async function* chunks(scope: Scope, start: Cursor, ended: AbortSignal): AsyncGenerator<Buffer> {
    const { database } = start;
    const asChunk = (rows: OutcomeRow[]) =>
      Buffer.from(rows.map((row) => formatServerSentEvent(database, row)).join(''));
    const idAt = (place: StreamPosition) => `id: ${formatCursor({ database, ...place })}\n\n`;
    // An id without data: a client that reconnects before the first outcome resumes here.
    yield Buffer.from(`retry: 1000\n${idAt(start)}`);

    let place: StreamPosition = start;
    while (!ended.aborted) {
      const page = await outcomesAfter(queryableFor(scope), scope, place, ROWS_PER_READ);
      // Retention has overtaken the reader: when it comes again, it is told so.
      if (page.isExpired) return;
      place = page.next;
      if (page.outcomes.length > 0) yield asChunk(page.outcomes);
      // So that its reader's place moves on, though nothing of its own is in what was looked through.
      else if (!page.isCaughtUp) yield Buffer.from(idAt(place));
      if (!page.isCaughtUp || ended.aborted) continue;

      const subscription = feeds.subscribe(scope.projectId, scope.consumer, place);
      const end = () => subscription.end();
      ended.addEventListener('abort', end, { once: true });
      try {
        for await (const followed of follow(scope, place, subscription)) {
          place = followed.place;
          if (followed.rows.length > 0) yield asChunk(followed.rows);
          else if (followed.isQuiet) yield Buffer.from(`: still here\n${idAt(place)}`);
        }
      } finally {
        ended.removeEventListener('abort', end);
        subscription.end();
      }
    }
  }

  /** Ends when the subscription has: its place is where to read on. */
  async function* follow(
    scope: Scope,
    start: StreamPosition,
    subscription: Subscription,
  ): AsyncGenerator<{ rows: OutcomeRow[]; place: StreamPosition; isQuiet: boolean }> {
    // What the feed had read before: nobody offers it any more.
    for (let place = start; isAfter(subscription.feedPosition, place); ) {
      const page = await outcomesAfter(queryableFor(scope), scope, place, ROWS_PER_READ);
      const isBefore = (one: StreamPosition) => !isAfter(one, subscription.feedPosition);
      place = isBefore(page.next) ? page.next : subscription.feedPosition;
      yield { rows: page.outcomes.filter(isBefore), place, isQuiet: false };
    }
    let lastWrite = performance.now();
    for (;;) {
      const taken = await subscription.take(Math.max(0, lastWrite + keepAliveMs - performance.now()));
      if (taken.kind !== 'rows') return;
      const rows = await ownOf(scope, taken.rows);
      const isQuiet = performance.now() - lastWrite >= keepAliveMs;
      if (rows.length > 0 || isQuiet) lastWrite = performance.now();
      yield { rows, place: taken.position, isQuiet };
    }
  }

  /** Without those of events that an earlier consumer of the same id had. */
  async function ownOf(scope: Scope, rows: OutcomeRow[]): Promise<OutcomeRow[]> {
    if (!scope.since || rows.length === 0) return rows;
    const ids = rows.map(({ event_id }) => event_id);
    const own = await eventsSince(queryableFor(scope), scope.projectId, ids, scope.since);
    return rows.filter(({ event_id }) => own.has(event_id));
  }
}
