import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { betterEstimate, type ClockEstimate } from './clock-estimate.ts';
import { StoreUnavailable } from './database.ts';

/** Whose time is stored, and compared with what is stored. */
export type Clock = {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves once `now` is right; throws StoreUnavailable while it cannot be known. */
  whenSynced(): Promise<void>;
};

/** The process's own time, for tools that store nothing and for tests. */
export const PROCESS_CLOCK: Clock = { now: () => Date.now(), whenSynced: async () => {} };

export type DatabaseClock = Clock & {
  /** By how many milliseconds the process's clock is ahead of Postgres's; undefined as long as Postgres is not asked. */
  skewMs(): number | undefined;
  close(): Promise<void>;
};

/** A skew beyond it is told: signatures and certificates are judged by clocks to the minute, logs are read side by side. */
export const MAX_SKEW_MS = 5_000;

/** For /readyz: the process works with any skew, a person should mend it all the same. */
export const clockStatus = (skewMs: number | undefined): { ok: boolean; detail?: string } =>
  skewMs === undefined || Math.abs(skewMs) <= MAX_SKEW_MS
    ? { ok: true }
    : {
        ok: false,
        detail: `is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} Postgres's, whose time counts`,
      };

const POLL_INTERVAL_MS = 5_000;
/** Until an answer is as exact as this, the next question comes sooner. */
const EXACT_MS = 10;
const RETRY_INTERVAL_MS = 500;

const CLOCK = `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`;

/**
 * Postgres's time, asked for every few seconds and counted on by the monotonic clock between. A process whose own clock
 * is wrong, or is set while it runs, would else date events so that retention removes them, or keep replaced secrets.
 */
export function createDatabaseClock({
  pool,
  onSkew,
  onSkewResolved,
}: {
  pool: pg.Pool;
  /** Told once when the process's clock is too far off, and once when it is right again. */
  onSkew: (ms: number) => void;
  onSkewResolved: () => void;
}): DatabaseClock {
  const closing = new AbortController();
  let estimate: ClockEstimate | undefined;
  let isTold = false;
  let asking: Promise<void> | null = null;

  const now = (): number => (estimate ? estimate.origin + performance.now() : Date.now());
  const skewMs = (): number | undefined => (estimate ? Date.now() - now() : undefined);

  async function ask(): Promise<void> {
    // The wait for a connection, and the making of one, are no part of the answer.
    const client = await pool.connect();
    try {
      const before = performance.now();
      const { rows } = await client.query<{ ms: number }>(CLOCK);
      estimate = betterEstimate(estimate, { remoteTime: rows[0]!.ms, before, after: performance.now() });
    } finally {
      client.release();
    }
    tell();
  }

  function tell(): void {
    const skew = skewMs()!;
    if (isTold === Math.abs(skew) > MAX_SKEW_MS) return;
    isTold = !isTold;
    if (isTold) onSkew(skew);
    else onSkewResolved();
  }

  const askOnce = (): Promise<void> => {
    asking ??= ask().finally(() => (asking = null));
    return asking;
  };

  async function run(): Promise<void> {
    const { signal } = closing;
    while (!signal.aborted) {
      const isAnswered = await askOnce().then(
        () => true,
        () => false, // whoever needs Postgres says that it is away
      );
      const isExact = isAnswered && estimate!.error <= EXACT_MS;
      await sleep(isExact ? POLL_INTERVAL_MS : RETRY_INTERVAL_MS, undefined, { signal }).catch(() => {});
    }
  }
  const running = run();

  return {
    now,
    skewMs,
    async whenSynced() {
      if (estimate) return;
      await askOnce().catch((error: unknown) => {
        throw new StoreUnavailable(error);
      });
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}
