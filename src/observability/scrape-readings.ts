import { Counter, Gauge, type Registry } from 'prom-client';

/** Connections of one pool: in use, open and free, and callers that wait for one. */
export type PoolUsage = { busy: number; idle: number; waiting: number };

/** What is read at each scrape. A reading that fails, or is not there yet, shows as NaN: never as a calm 0. */
export type Readings = {
  /** Age in seconds of the oldest due delivery that was never attempted; 0 when there is none. */
  oldestUnattempted(): Promise<number>;
  /** Deliveries that wait for an attempt after a failed one. */
  retriesWaiting(): Promise<number>;
  /** Lines of the log that could not be written, since the start. */
  logLinesLost(): number;
  /** Seconds by which the process's clock is ahead of Postgres's. */
  clockSkew(): number;
  /** Attempts of this worker from claim to record, and how many more may be claimed before those have begun. */
  attempts(): { inFlight: number; window: number };
  pools: Record<string, () => PoolUsage>;
};

/** Makes the gauges that are read at each scrape; the function that it returns adds to what they read. */
export function registerGauges(registry: Registry): (more: Partial<Readings>) => void {
  const registers = [registry];
  let readings: Partial<Readings> = {};

  const gauge = (name: string, help: string, read: () => Promise<number> | number | undefined) =>
    new Gauge({
      name,
      help,
      registers,
      // A reading that rejects would take the whole page with it.
      async collect() {
        this.set(await Promise.resolve(read() ?? Number.NaN).catch(() => Number.NaN));
      },
    });

  gauge(
    'posthorn_oldest_unattempted_seconds',
    'Age of the oldest due delivery that was never attempted',
    () => readings.oldestUnattempted?.(),
  );
  gauge('posthorn_retries_waiting', 'Deliveries that wait for another attempt', () =>
    readings.retriesWaiting?.(),
  );
  new Counter({
    name: 'posthorn_log_lines_lost_total',
    help: 'Lines of the log that could not be written: a full disk, or a reader that is gone or behind',
    registers,
    collect() {
      this.reset();
      this.inc(readings.logLinesLost?.() ?? 0);
    },
  });
  gauge('posthorn_clock_skew_seconds', "How far the process's clock is ahead of Postgres's", () =>
    readings.clockSkew?.(),
  );
  gauge(
    'posthorn_attempts_under_way',
    'Attempts from their claim to their record',
    () => readings.attempts?.().inFlight,
  );
  gauge(
    'posthorn_attempts_window',
    'Attempts that may be claimed and not begun: small when this worker is slow',
    () => readings.attempts?.().window,
  );
  new Gauge({
    name: 'posthorn_pool_connections',
    help: 'Connections by pool and state; waiting: callers without one',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      for (const [pool, read] of Object.entries(readings.pools ?? {})) {
        for (const [state, count] of Object.entries(read())) this.set({ pool, state }, count);
      }
    },
  });

  return (more) => {
    readings = { ...readings, ...more, pools: { ...readings.pools, ...more.pools } };
  };
}

/** What a `pg` pool has, as the gauges say it. */
export const postgresPoolUsage =
  (pool: { totalCount: number; idleCount: number; waitingCount: number }) => (): PoolUsage => ({
    busy: pool.totalCount - pool.idleCount,
    idle: pool.idleCount,
    waiting: pool.waitingCount,
  });
