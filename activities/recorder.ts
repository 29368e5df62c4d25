import type pg from 'pg';
import { isOutage } from '../src/store/database.ts';
import { type AttemptRecord, recordAttempts } from '../src/store/records.ts';
import type { Moved } from '../src/store/settlement.ts';

/** A record before it is flushed: `retryAt` is a monotonic time, so that waiting for the flush delays no retry. */
export type PendingRecord = Omit<AttemptRecord, 'retryInMs'> & {
  projectId: string;
  /** performance.now() at which the next attempt is due; null: this was the last. */
  retryAt: number | null;
};

/** What became of a record: it moved the delivery, it was not this owner's to write, or Postgres stayed away. */
export type Recorded = { kind: 'moved'; moved: Moved } | { kind: 'superseded' } | { kind: 'unrecorded' };

export type Recorder = {
  /** Resolves once the attempt is committed, or with `unrecorded` at `giveUpAt` (performance.now()). */
  record(record: PendingRecord, giveUpAt: number): Promise<Recorded>;
};

type Waiting = { record: PendingRecord; giveUpAt: number; resolve: (recorded: Recorded) => void };

/** Outcomes are flushed together: this long after the first, or as soon as there are this many. */
const FLUSH_AFTER_MS = 20;
const FLUSH_AT = 50;
const RETRY_AFTER_MS = 250;

export type RecorderDependencies = {
  pool: pg.Pool;
  /** Told of the projects whose outcomes have just been committed. */
  onRecorded: (projectIds: Set<string>) => void;
  onFailure: (error: unknown, deliveryId: string | null) => void;
};

/** Collects outcomes as they arrive and writes them in few transactions. */
export function createRecorder({ pool, onRecorded, onFailure }: RecorderDependencies): Recorder {
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | null = null;

  const flushSoon = (): void => {
    if (waiting.length >= FLUSH_AT) flushNow();
    else timer ??= setTimeout(flushNow, FLUSH_AFTER_MS);
  };

  const flushNow = (): void => {
    if (timer) clearTimeout(timer);
    timer = null;
    const batch = waiting;
    waiting = [];
    if (batch.length > 0) void flush(batch);
  };

  async function flush(batch: Waiting[]): Promise<void> {
    try {
      const moved = await write(batch);
      for (const { record, resolve } of batch) {
        const mine = moved.get(record.id);
        resolve(mine ? { kind: 'moved', moved: mine } : { kind: 'superseded' });
      }
      onRecorded(new Set(batch.map(({ record }) => record.projectId)));
    } catch (error) {
      if (isOutage(error)) retryLater(batch);
      else if (batch.length > 1) for (const one of batch) await flush([one]);
      else await flushBare(batch[0]!, error);
    }
  }

  /** One row's own data is what fails: it is recorded without its answer, so that the delivery goes on. */
  async function flushBare(one: Waiting, error: unknown): Promise<void> {
    onFailure(error, one.record.id);
    const bare = {
      ...one.record,
      requestHeaders: null,
      responseHeaders: null,
      responseBody: null,
      errorMessage: null,
    };
    try {
      const moved = (await write([{ ...one, record: bare }])).get(bare.id);
      one.resolve(moved ? { kind: 'moved', moved } : { kind: 'superseded' });
      onRecorded(new Set([bare.projectId]));
    } catch (failure) {
      onFailure(failure, bare.id);
      retryLater([one]);
    }
  }

  function retryLater(batch: Waiting[]): void {
    const now = performance.now();
    for (const one of batch) if (one.giveUpAt <= now) one.resolve({ kind: 'unrecorded' });
    const again = batch.filter(({ giveUpAt }) => giveUpAt > now);
    if (again.length > 0) setTimeout(() => void flush(again), RETRY_AFTER_MS);
  }

  async function write(batch: Waiting[]): Promise<Map<string, Moved>> {
    const now = performance.now();
    const records = batch.map(({ record: { retryAt, ...record } }) => ({
      ...record,
      retryInMs: retryAt === null ? null : Math.max(0, retryAt - now),
    }));
    return new Map((await recordAttempts(pool, records)).map((moved) => [moved.id, moved]));
  }

  return {
    record: (record, giveUpAt) =>
      new Promise((resolve) => {
        waiting.push({ record, giveUpAt, resolve });
        flushSoon();
      }),
  };
}
