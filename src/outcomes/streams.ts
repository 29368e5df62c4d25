import { Readable } from 'node:stream';
import type pg from 'pg';
import type { OutcomeStreams } from '../api/ports.ts';
import type { Notifications } from '../store/notifications.ts';
import { orUnavailable } from '../store/outages.ts';
import {
  type Cursor,
  currentCursor,
  formatCursor,
  isResumable,
  type OutcomeRow,
  outcomesAfter,
  parseCursor,
} from '../store/outcomes.ts';

/** A lost wake-up costs at most this. */
const LOOK_EVERY_MS = 1_000;
/** Keeps proxies from closing a quiet stream, and its reader's place near the present. */
const KEEP_ALIVE_MS = 15_000;
const ROWS_PER_READ = 500;
/** News may be invisible for a moment, behind an older transaction that still runs: look this often again. */
const LOOKS_AFTER_A_WAKE_UP = 10;
const LOOK_AGAIN_MS = 25;

type Scope = { projectId: string; consumer: string | null };

/** Server-sent events (WHATWG HTML, 9.2) read from the outcomes table, so that a resume has no gap. */
export function createOutcomeStreams({
  pool,
  notifications,
  keepAliveMs = KEEP_ALIVE_MS,
}: {
  pool: pg.Pool;
  notifications: Notifications;
  keepAliveMs?: number;
}): OutcomeStreams & { close(): void } {
  const open = new Set<{ wake: (projectIds: string[] | null) => void; end: () => void }>();
  const timer = setInterval(() => open.forEach(({ wake }) => void wake(null)), LOOK_EVERY_MS);
  const stopListening = notifications.listen('posthorn_outcomes', (ids) =>
    open.forEach(({ wake }) => void wake(ids)),
  );

  async function startOf(lastEventId: string | null): Promise<Cursor | 'gone'> {
    const present = await currentCursor(pool);
    if (lastEventId === null) return present;
    const cursor = parseCursor(lastEventId);
    return cursor && isResumable(cursor, present) ? cursor : 'gone';
  }

  return {
    async open(scope, lastEventId) {
      const start = await startOf(lastEventId);
      if (start === 'gone') return 'gone';
      let ended = false;
      let wakeUp: (byNews: boolean) => void = () => {};
      const handle = {
        wake: (ids: string[] | null) => {
          if (ids === null || ids.includes(scope.projectId)) wakeUp(ids !== null);
        },
        end: () => {
          ended = true;
          wakeUp(false);
        },
      };
      open.add(handle);
      const stream = Readable.from(
        chunks(
          scope,
          start,
          () => ended,
          (wake) => (wakeUp = wake),
        ),
        { objectMode: false },
      );
      stream.once('close', () => {
        handle.end();
        open.delete(handle);
      });
      return stream;
    },
    close() {
      clearInterval(timer);
      stopListening();
      for (const { end } of open) end();
    },
  };

  async function* chunks(
    scope: Scope,
    start: Cursor,
    isEnded: () => boolean,
    onWake: (wake: (byNews: boolean) => void) => void,
  ): AsyncGenerator<Buffer> {
    let cursor = start;
    let woken = true;
    let wake = (): void => {};
    let looksLeft = 0;
    onWake((byNews) => {
      woken = true;
      if (byNews) looksLeft = LOOKS_AFTER_A_WAKE_UP;
      wake();
    });
    // An id without data: a client that reconnects before the first outcome resumes here.
    yield Buffer.from(`retry: 1000\nid: ${formatCursor(cursor)}\n\n`);
    let lastWrite = performance.now();
    while (!isEnded()) {
      woken = false;
      const { outcomes, next } = await orUnavailable(outcomesAfter(pool, scope, cursor, ROWS_PER_READ));
      const { database } = cursor;
      cursor = { database, ...next };
      if (outcomes.length > 0) {
        yield Buffer.from(outcomes.map((row) => asEvent(database, row)).join(''));
        lastWrite = performance.now();
        looksLeft = LOOKS_AFTER_A_WAKE_UP;
      } else if (performance.now() - lastWrite > keepAliveMs) {
        yield Buffer.from(`: still here\nid: ${formatCursor(cursor)}\n\n`);
        lastWrite = performance.now();
      }
      if (outcomes.length === ROWS_PER_READ || woken || isEnded()) continue;
      const waiting = new Promise<void>((resolve) => (wake = resolve));
      const timeout = looksLeft > 0 ? setTimeout(wake, LOOK_AGAIN_MS) : undefined;
      looksLeft -= 1;
      await waiting;
      clearTimeout(timeout);
    }
  }
}

function asEvent(database: string, row: OutcomeRow): string {
  const id = formatCursor({ database, xid: row.xid, seq: row.seq });
  const data = {
    id,
    at: row.at.toISOString(),
    event: row.event_id,
    ...(row.delivery_id && { delivery: row.delivery_id }),
    ...(row.endpoint_id && { endpoint: row.endpoint_id }),
    consumer: row.consumer,
    status: row.status,
    ...(row.outcome && { outcome: row.outcome }),
    ...(row.attempt !== null && { attempt: row.attempt }),
    ...(row.next_attempt_at && { nextAttemptAt: row.next_attempt_at.toISOString() }),
    ...(row.reason && { reason: row.reason }),
  };
  return `id: ${id}\nevent: ${row.kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
