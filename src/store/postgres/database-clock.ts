import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { betterEstimate, type ClockEstimate } from './clock-estimate.ts';
import { StoreUnavailable } from './database.ts';

/** The clock for times that are stored or compared with stored times. */
export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves once `now` is synchronized; throws StoreUnavailable if Postgres cannot be asked. */
  whenSynced(): Promise<void>;
};

export type DatabaseClock = Clock & {
  /** How many milliseconds the process's clock is ahead of Postgres's; undefined until Postgres has responded once. */
  skewMs(): number | undefined;
  close(): Promise<void>;
};

/** A larger skew is reported. Signatures and certificates depend on clocks to the minute, and logs are compared by time. */
export const MAX_SKEW_MS = 5_000;

/** The status for /readyz. The process works with any skew, but an operator should correct the clock. */
export const clockStatus = (skewMs: number | undefined): { ok: boolean; detail?: string } =>
  skewMs === undefined || Math.abs(skewMs) <= MAX_SKEW_MS
    ? { ok: true }
    : {
        ok: false,
        detail: `is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} Postgres's, whose time counts`,
      };

const POLL_INTERVAL_MS = 5_000;
/** Until the error of the estimate is this small, Postgres is polled at the shorter interval. */
const EXACT_MS = 10;
const RETRY_INTERVAL_MS = 500;

const CLOCK = `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`;

/**
 * Follows Postgres's clock: polls it every few seconds and uses the monotonic clock in between. A process with a wrong
 * clock could otherwise date events so that retention removes them, or keep using replaced secrets.
 */
export function createDatabaseClock({
  pool,
  onSkew,
  onSkewResolved,
}: {
  pool: pg.Pool;
  /** Called once when the skew exceeds MAX_SKEW_MS; `onSkewResolved` is called once when it no longer does. */
  onSkew: (ms: number) => void;
  onSkewResolved: () => void;
}): DatabaseClock {
  const closing = new AbortController();
  let estimate: ClockEstimate | undefined;
  let isReported = false;
  let polling: Promise<void> | null = null;

  const now = (): number => (estimate ? estimate.origin + performance.now() : Date.now());
  const skewMs = (): number | undefined => (estimate ? Date.now() - now() : undefined);

  async function poll(): Promise<void> {
    // Connect first: the time to get a connection must not count as the time of the response.
    const client = await pool.connect();
    try {
      const before = performance.now();
      const { rows } = await client.query<{ ms: number }>(CLOCK);
      estimate = betterEstimate(estimate, { remoteTime: rows[0]!.ms, before, after: performance.now() });
    } finally {
      client.release();
    }
    reportSkew();
  }

  function reportSkew(): void {
    const skew = skewMs()!;
    if (isReported === Math.abs(skew) > MAX_SKEW_MS) return;
    isReported = !isReported;
    if (isReported) onSkew(skew);
    else onSkewResolved();
  }

  const pollOnce = (): Promise<void> => {
    polling ??= poll().finally(() => (polling = null));
    return polling;
  };

  async function run(): Promise<void> {
    const { signal } = closing;
    while (!signal.aborted) {
      const isAnswered = await pollOnce().then(
        () => true,
        () => false, // an outage is reported by what uses Postgres
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
      await pollOnce().catch((error: unknown) => {
        throw new StoreUnavailable(error);
      });
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}
