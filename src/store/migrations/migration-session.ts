import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { withPinnedSettings } from '../postgres/connection-settings.ts';

/** An arbitrary constant, the same in every process that migrates. */
const MIGRATION_LOCK = 7_670_911;

const LOCK_POLL_MS = 250;

/** The connections of one run. */
export type MigrationSession = {
  /** Migrates, and holds the lock that keeps other processes from migrating. */
  client: pg.Client;
  /** The backend of `client`. */
  pid: number;
  /** Tells what `client` is doing while it waits. */
  observer: pg.Client;
  log: (line: string) => void;
};

/**
 * Runs `work` while no other process migrates the database. Postgres ends the session, and with it the statement under way,
 * soon after this process is killed: a killed run neither goes on nor keeps the next one from starting.
 */
export async function inMigrationSession<T>(
  url: string,
  log: (line: string) => void,
  work: (session: MigrationSession) => Promise<T>,
): Promise<T> {
  const clients = [createClient(url), createClient(url)] as const;
  const [client, observer] = clients;
  try {
    for (const one of clients) await one.connect();
    for (const statement of SETTINGS) await client.query(statement);
    // Not available on every system on which Postgres runs. There, a statement of a killed run continues to its end.
    await client.query("SET client_connection_check_interval = '1s'").catch(() => {});
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await takeMigrationLock(client, log);
    return await work({ client, pid: rows[0]!.pid, observer, log });
  } finally {
    for (const one of clients) await one.end().catch(() => {});
  }
}

/** Unlike those of a pool, its statements may take as long as they need. */
function createClient(url: string): pg.Client {
  const client = new pg.Client({
    connectionString: withPinnedSettings(url),
    application_name: 'posthorn migrate',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  // Without a listener, a connection that breaks between two statements would end the process. The next statement fails.
  client.on('error', () => {});
  return client;
}

/**
 * Polls, because a statement that waits for the lock would have a snapshot, and CREATE INDEX CONCURRENTLY of the process that
 * holds the lock waits for the end of all earlier snapshots: the two would wait for each other.
 */
async function takeMigrationLock(client: pg.Client, log: (line: string) => void): Promise<void> {
  for (let waiting = false; ; waiting = true) {
    const { rows } = await client.query<{ taken: boolean }>(TRY_LOCK, [MIGRATION_LOCK]);
    if (rows[0]!.taken) return;
    if (!waiting) log('Another process is migrating this database; waiting until it has ended.');
    await sleep(LOCK_POLL_MS);
  }
}

const TRY_LOCK = 'SELECT pg_try_advisory_lock($1) AS taken';

const SETTINGS = [
  'SET statement_timeout = 0',
  // Through pg_settings, because PostgreSQL 14 to 16 do not have transaction_timeout.
  `SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'`,
];
