import { Counter, Gauge, type Registry } from 'prom-client';

/** Of one connection pool: connections in use, idle connections, and callers waiting for a connection. */
export type PoolUsage = { busy: number; idle: number; waiting: number };

/** Values that are read at each scrape. A missing or failed reading is reported as NaN, because 0 would look healthy. */
export type Readings = {
  /** Age in seconds of the oldest due delivery without an attempt; 0 if there is none. */
  oldestUnattempted(): Promise<number>;
  /** Deliveries that wait for a retry. */
  retriesWaiting(): Promise<number>;
  /** Age in seconds of the time until which figures are complete, in the project that is the furthest behind. */
  statisticsLag(): Promise<number>;
  /** Receivers that only fail, and get only probes. */
  coolingDown(): Promise<number>;
  /** Log lines that could not be written since the process started. */
  logLinesLost(): number;
  /** Seconds by which this machine's clock is ahead of Postgres's. */
  clockSkew(): number;
  /** 1 while the egress proxy opens no tunnel, otherwise 0; missing without a proxy. */
  egressProxyFailing(): number;
  /** Attempts of this worker from claim to record, and how many attempts it may claim ahead of starting them. */
  attempts(): { inFlight: number; window: number };
  pools: Record<string, () => PoolUsage>;
};

/** Registers the gauges that are read at each scrape. Returns a function that adds readings. */
export function registerGauges(registry: Registry): (more: Partial<Readings>) => void {
  const registers = [registry];
  let readings: Partial<Readings> = {};

  const gauge = (name: string, help: string, read: () => Promise<number> | number | undefined) =>
    new Gauge({
      name,
      help,
      registers,
      // Otherwise one rejected reading would fail the whole scrape.
      async collect() {
        this.set(await Promise.resolve(read() ?? Number.NaN).catch(() => Number.NaN));
      },
    });

  gauge(
    'posthorn_oldest_unattempted_seconds',
    'Age of the oldest due delivery without an attempt that waits for a worker',
    () => readings.oldestUnattempted?.(),
  );
  gauge('posthorn_retries_waiting', 'Deliveries that wait for a retry', () => readings.retriesWaiting?.());
  gauge(
    'posthorn_statistics_lag_seconds',
    'Age of the time until which figures are complete, in the project that is the furthest behind',
    () => readings.statisticsLag?.(),
  );
  gauge('posthorn_receivers_cooling_down', 'Receivers that only fail, and get only probes', () =>
    readings.coolingDown?.(),
  );
  new Counter({
    name: 'posthorn_log_lines_lost_total',
    help: 'Log lines that could not be written because the disk was full, or the reader had exited or was too slow',
    registers,
    collect() {
      this.reset();
      this.inc(readings.logLinesLost?.() ?? 0);
    },
  });
  gauge('posthorn_clock_skew_seconds', "Seconds by which this machine's clock is ahead of Postgres's", () =>
    readings.clockSkew?.(),
  );
  gauge(
    'posthorn_egress_proxy_failing',
    '1 while the egress proxy opens no tunnel, otherwise 0; NaN without a proxy',
    () => readings.egressProxyFailing?.(),
  );
  gauge(
    'posthorn_attempts_in_flight',
    'Attempts that are claimed and not recorded yet',
    () => readings.attempts?.().inFlight,
  );
  gauge(
    'posthorn_attempts_window',
    'Attempts that this worker may claim ahead of starting them; small when it is slow',
    () => readings.attempts?.().window,
  );
  new Gauge({
    name: 'posthorn_pool_connections',
    help: 'Connections by pool and state; the state waiting counts callers that have no connection',
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

/** The usage of a `pg` pool. */
export const postgresPoolUsage =
  (pool: { totalCount: number; idleCount: number; waitingCount: number }) => (): PoolUsage => ({
    busy: pool.totalCount - pool.idleCount,
    idle: pool.idleCount,
    waiting: pool.waitingCount,
  });
