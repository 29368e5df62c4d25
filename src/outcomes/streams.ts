import type { OutcomeStreams } from '../api/ports.ts';
import type { Notifications } from '../store/outcomes/notifications.ts';
import { matchesFilter, type OutcomeFilter } from '../store/outcomes/outcome-filter.ts';
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
import { chunkStream } from './chunk-stream.ts';
import { createOutcomeFeeds } from './outcome-feeds.ts';
import { formatServerSentEvent } from './server-sent-event.ts';
import type { Subscription } from './subscription.ts';

/** Keeps proxies from closing an idle stream, and the reader's cursor recent. */
const KEEP_ALIVE_MS = 15_000;
const ROWS_PER_READ = 100;

export type OutcomeStreamDependencies = {
  /** For the feeds, which all streams share. */
  db: Queryable;
  /** For streams of one tenant that read by themselves. */
  queryableFor: (scope: Scope) => Queryable;
  notifications: Notifications;
  onFailure: (error: unknown) => void;
  keepAliveMs?: number;
};

/**
 * Server-sent events of outcomes. A stream first reads the outcomes after its cursor page by page, and then follows the
 * feed of its project. If its reader is too slow for the feed, the stream reads page by page again.
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
    const current = await mapOutage(currentCursor(db));
    if (lastEventId === null) return current;
    const cursor = parseCursor(lastEventId);
    return cursor && isResumable(cursor, current) ? cursor : 'expired';
  }

  return {
    async open(scope, filter, lastEventId) {
      const start = await startOf(lastEventId);
      if (start === 'expired') return 'expired';
      const ended = new AbortController();
      open.add(ended);
      return chunkStream(chunks(scope, filter, start, ended.signal), () => {
        open.delete(ended);
        ended.abort();
      });
    },
    close() {
      for (const ended of open) ended.abort();
      feeds.close();
    },
  };

  async function* chunks(
    scope: Scope,
    filter: OutcomeFilter,
    start: Cursor,
    ended: AbortSignal,
  ): AsyncGenerator<Buffer> {
    const { database } = start;
    const asChunk = (rows: OutcomeRow[]) =>
      Buffer.from(rows.map((row) => formatServerSentEvent(database, row)).join(''));
    const idAt = (position: StreamPosition) => `id: ${formatCursor({ database, ...position })}\n\n`;
    // An id without data lets a client that reconnects before the first outcome resume here.
    yield Buffer.from(`retry: 1000\n${idAt(start)}`);

    let position: StreamPosition = start;
    while (!ended.aborted) {
      const page = await outcomesAfter(queryableFor(scope), scope, position, ROWS_PER_READ, filter);
      // Retention removed outcomes that the reader had not read. Its next connection gets cursor_expired.
      if (page.isExpired) return;
      position = page.next;
      if (page.outcomes.length > 0) yield asChunk(page.outcomes);
      // Advances the reader's cursor although none of the rows scanned was its own.
      else if (!page.isCaughtUp) yield Buffer.from(idAt(position));
      if (!page.isCaughtUp || ended.aborted) continue;

      const subscription = feeds.subscribe(scope.projectId, matchesFilter(scope.consumer, filter), position);
      const end = () => subscription.end();
      ended.addEventListener('abort', end, { once: true });
      try {
        for await (const followed of follow(scope, filter, position, subscription)) {
          position = followed.position;
          if (followed.rows.length > 0) yield asChunk(followed.rows);
          else if (followed.isIdle) yield Buffer.from(`: keep-alive\n${idAt(position)}`);
        }
      } finally {
        ended.removeEventListener('abort', end);
        subscription.end();
      }
    }
  }

  /** Follows the feed until the subscription ends. Reading continues at its position. */
  async function* follow(
    scope: Scope,
    filter: OutcomeFilter,
    start: StreamPosition,
    subscription: Subscription,
  ): AsyncGenerator<{ rows: OutcomeRow[]; position: StreamPosition; isIdle: boolean }> {
    // Outcomes that the feed had read before the subscription are not offered again.
    for (let position = start; isAfter(subscription.feedPosition, position); ) {
      const page = await outcomesAfter(queryableFor(scope), scope, position, ROWS_PER_READ, filter);
      const isBefore = (one: StreamPosition) => !isAfter(one, subscription.feedPosition);
      position = isBefore(page.next) ? page.next : subscription.feedPosition;
      yield { rows: page.outcomes.filter(isBefore), position, isIdle: false };
    }
    let lastWrite = performance.now();
    for (;;) {
      const taken = await subscription.take(Math.max(0, lastWrite + keepAliveMs - performance.now()));
      if (taken.kind !== 'rows') return;
      const rows = await ownOf(scope, taken.rows);
      const isIdle = performance.now() - lastWrite >= keepAliveMs;
      if (rows.length > 0 || isIdle) lastWrite = performance.now();
      yield { rows, position: taken.position, isIdle };
    }
  }

  /** Excludes events of an earlier consumer with the same id. */
  async function ownOf(scope: Scope, rows: OutcomeRow[]): Promise<OutcomeRow[]> {
    if (!scope.since || rows.length === 0) return rows;
    const ids = rows.map(({ event_id }) => event_id);
    const currentEvents = await eventsSince(queryableFor(scope), scope.projectId, ids, scope.since);
    return rows.filter(({ event_id }) => currentEvents.has(event_id));
  }
}
