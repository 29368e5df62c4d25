import type pg from 'pg';
import type { Config } from '../config/config.ts';
import type { ServiceConfig } from '../config/service-config.ts';
import type { PoolUsage } from '../observability/scrape-readings.ts';
import { postgresPoolUsage } from '../observability/scrape-readings.ts';
import { createPool, createPoolThroughPooler } from '../store/postgres/database.ts';

/** Two flushes at once, and a late completion. */
const RECORD_CONNECTIONS = 3;
/** One release of unclaimed deliveries at a time, and one of claims. */
const RELEASE_CONNECTIONS = 2;
const HEARTBEAT_CONNECTIONS = 1;
const READ_CONNECTIONS = 4;
/** One for the feed of all outcome streams and one for all requests that wait, so neither waits for the other. */
const OUTCOME_CONNECTIONS = 2;
/** The one that listens for notifications. */
const LISTEN_CONNECTIONS = 1;
/** A slower list is cancelled: it would occupy a connection and a core of Postgres. */
const READ_TIMEOUT_MS = 2_500;

export type ConnectionPools = {
  /** Accepts events, assigns and claims deliveries. */
  main: pg.Pool;
  /** Separate, so that work that can wait never delays the recording of a finished attempt. */
  record: pg.Pool;
  release: pg.Pool;
  heartbeat: pg.Pool;
  /** Lists and queries of callers. Separate, so that reads never delay an event. */
  read: pg.Pool;
  outcome: pg.Pool;
  /** Connections by pool, for the metrics. */
  usage: Record<string, () => PoolUsage>;
  end(): Promise<void>;
};

/** Connections that a process may have to Postgres itself. Those of a pooler are its own, and not counted. */
export function connectionsToPostgres(config: Pick<Config, 'databaseDirectUrl' | 'databasePool'>): number {
  const direct = LISTEN_CONNECTIONS + HEARTBEAT_CONNECTIONS + READ_CONNECTIONS + OUTCOME_CONNECTIONS;
  return config.databaseDirectUrl
    ? direct
    : direct + config.databasePool + RECORD_CONNECTIONS + RELEASE_CONNECTIONS;
}

/** Opens all pools of a process. They connect when they are first used. */
export function openConnectionPools({
  databaseUrl,
  databaseDirectUrl,
  databasePool,
}: ServiceConfig): ConnectionPools {
  const direct = databaseDirectUrl ?? databaseUrl;
  const open = (max: number) =>
    databaseDirectUrl ? createPoolThroughPooler(databaseUrl, max) : createPool(databaseUrl, max);

  const main = open(databasePool);
  const record = open(RECORD_CONNECTIONS);
  const release = open(RELEASE_CONNECTIONS);
  // Without the pooler: it keeps its own connections open when this process dies, and would hide the death.
  const heartbeat = createPool(direct, HEARTBEAT_CONNECTIONS);
  // Without the pooler: the statement timeout is a setting of the session.
  const read = createPool(direct, READ_CONNECTIONS, READ_TIMEOUT_MS);
  const outcome = createPool(direct, OUTCOME_CONNECTIONS, READ_TIMEOUT_MS);

  return {
    main,
    record,
    release,
    heartbeat,
    read,
    outcome,
    usage: {
      postgres: postgresPoolUsage(main),
      records: postgresPoolUsage(record),
      releases: postgresPoolUsage(release),
      reads: postgresPoolUsage(read),
      outcomes: postgresPoolUsage(outcome),
    },
    async end() {
      await Promise.all([main, read, outcome, record, release, heartbeat].map((pool) => pool.end()));
    },
  };
}
