import type pg from 'pg';
import { type AttemptRecord, recordAttempts } from '../../store/deliveries/record-attempts.ts';
import type { Transition } from '../../store/deliveries/transitions.ts';
import { isOutage } from '../../store/postgres/database.ts';

/** A record before it is flushed: `retryAt` is a monotonic time, so that waiting for the flush delays no retry. */
export type PendingRecord = Omit<AttemptRecord, 'retryInMs'> & {
  /** performance.now() at which the next attempt is due; null: this was the last. */
  retryAt: number | null;
};

/** What became of a record: it moved the delivery, its claim was written off, or Postgres stayed away. */
export type RecordResult =
  | { kind: 'recorded'; transition: Transition }
  | { kind: 'superseded' }
  | { kind: 'unrecorded' };

export type Recorder = {
  /**
   * Resolves once the attempt is committed, or with `unrecorded` at `giveUpAt` (performance.now()); it may be
   * committed all the same then, which a repeated record does not mind.
   */
  record(record: PendingRecord, giveUpAt: number): Promise<RecordResult>;
};

type Waiting = { record: PendingRecord; giveUpAt: number; resolve: (recorded: RecordResult) => void };

/** Outcomes are flushed together: this long after the first, or as soon as there are this many. */
const FLUSH_AFTER_MS = 20;
const FLUSH_AT = 50;
/** Flushes at once, and what one takes at most: more of them would wait for each other's event rows. */
const MAX_FLUSHING = 2;
const MAX_PER_FLUSH = 500;
const RETRY_AFTER_MS = 250;

export type RecorderDependencies = {
  pool: pg.Pool;
  /** Told of the projects whose outcomes have just been committed. */
  onRecorded: (projectIds: Set<string>) => void;
  onFailure: (error: unknown, deliveryId: string | null) => void;
};

/** Collects outcomes as they arrive and writes them in few transactions. */
export function createRecorder({ pool, onRecorded, onFailure }: RecorderDependencies): Recorder {
  const waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | null = null;
  let flushing = 0;

  const flushSoon = (): void => {
    if (waiting.length >= FLUSH_AT) flushNow();
    else timer ??= setTimeout(flushNow, FLUSH_AFTER_MS);
  };

  const flushNow = (): void => {
    if (timer) clearTimeout(timer);
    timer = null;
    while (waiting.length > 0 && flushing < MAX_FLUSHING) {
      flushing += 1;
      void flush(waiting.splice(0, MAX_PER_FLUSH)).finally(() => {
        flushing -= 1;
        // With a timer set, what waits is young, and may gather company.
        if (!timer) flushNow();
      });
    }
  };

  async function flush(batch: Waiting[]): Promise<void> {
    try {
      await write(batch);
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
      await write([{ ...one, record: bare }]);
    } catch (failure) {
      onFailure(failure, bare.id);
      retryLater([one]);
    }
  }

  function retryLater(batch: Waiting[]): void {
    const now = performance.now();
    const again = batch.filter(({ giveUpAt }) => giveUpAt > now);
    if (again.length > 0) setTimeout(() => void flush(again), RETRY_AFTER_MS);
  }

  /** A delivery may be in the batch with two claims, an old one and its own: only the epoch tells which one moved it. */
  async function write(batch: Waiting[]): Promise<void> {
    const now = performance.now();
    const records = batch.map(({ record: { retryAt, ...record } }) => ({
      ...record,
      retryInMs: retryAt === null ? null : Math.max(0, retryAt - now),
    }));
    const moved = await recordAttempts(pool, records);
    const found = new Map(moved.map((one) => [`${one.id} ${one.epoch}`, one]));
    for (const { record, resolve } of batch) {
      const mine = found.get(`${record.id} ${record.epoch}`);
      resolve(mine ? { kind: 'recorded', transition: mine } : { kind: 'superseded' });
    }
    if (moved.length > 0) onRecorded(new Set(moved.map(({ projectId }) => projectId)));
  }

  return {
    record: (record, giveUpAt) =>
      new Promise((resolve) => {
        // By a timer: a server that hangs answers no statement, and the report must leave in time all the same.
        const giveUp = setTimeout(
          () => resolve({ kind: 'unrecorded' }),
          Math.max(0, giveUpAt - performance.now()),
        );
        const settle = (recorded: RecordResult): void => {
          clearTimeout(giveUp);
          resolve(recorded);
        };
        waiting.push({ record, giveUpAt, resolve: settle });
        flushSoon();
      }),
  };
}
