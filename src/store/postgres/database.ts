import { types } from 'node:util';
import pg from 'pg';
import { withPinnedSettings } from './connection-settings.ts';
import { PooledClient } from './pooled-client.ts';

/** Runs statements: the pool, or one connection inside a transaction. */
export type Queryable = Pick<pg.Pool, 'query'> | Pick<pg.PoolClient, 'query'>;

/** Postgres could not be reached or could not commit. The request is stored completely or not at all. */
export class StoreUnavailable extends Error {
  constructor(cause: unknown) {
    super('the database is not available', { cause });
    this.name = 'StoreUnavailable';
  }
}

/** There is more work in flight than memory allows. The caller gets the same response as during an outage. */
export class Overloaded extends StoreUnavailable {}

/** The project has as much work in flight as its share allows; other projects are not affected. */
export class ProjectShareExhausted extends Overloaded {}

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const MAX_RETRIES = 5;

const STATEMENT_MS = 30_000;

const poolOptions = (max: number, statementMs: number): pg.PoolConfig => ({
  max,
  connectionTimeoutMillis: 5_000,
  // Without keep-alive, a dead peer would block a request for the kernel's default of two hours.
  keepAlive: true,
  // A server that hangs does not enforce its own timeouts.
  query_timeout: statementMs + 5_000,
});

/** Creates a pool. A statement that takes longer than `statementMs` fails with query_canceled (57014). */
export function createPool(connectionString: string, max = 10, statementMs = STATEMENT_MS): pg.Pool {
  return withListeners(
    new pg.Pool({
      ...poolOptions(max, statementMs),
      connectionString: withPinnedSettings(connectionString),
      statement_timeout: statementMs,
      idle_in_transaction_session_timeout: 10_000,
    }),
  );
}

/**
 * Creates a pool for connections through a pooler in transaction mode, which accepts no settings when a connection starts.
 * The role has them instead, including the timeouts (`pinSettingsOfRole`).
 */
export function createPoolThroughPooler(connectionString: string, max = 10): pg.Pool {
  const options = { ...poolOptions(max, STATEMENT_MS), connectionString };
  return withListeners(new pg.Pool({ ...options, Client: PooledClient }));
}

function withListeners(pool: pg.Pool): pg.Pool {
  // Without a listener, an idle connection that breaks would end the process. The pool replaces it when it is next used.
  pool.on('error', () => {});
  // The same applies between two statements of a transaction. The next statement then fails.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Returns the SQLSTATE of a Postgres error; undefined if the error did not come from the server. */
export const sqlState = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError ? error.code : undefined;

const isConflict = (error: unknown): boolean =>
  sqlState(error) === SERIALIZATION_FAILURE || sqlState(error) === DEADLOCK_DETECTED;

// The messages of pg's own connection errors, which have no code.
const CONNECTION_ERROR =
  /^(Connection terminated|Query read timeout|Client (was closed|has encountered)|timeout )/;

/** Whether the connection or the server failed, not the statement: SQLSTATE classes 08, 53, 57 and 58, and socket errors. */
export function isOutage(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return /^(08|53|57|58|25006)/.test(state);
  // Not instanceof: in tests, errors of Node's core belong to another realm.
  if (!types.isNativeError(error)) return false;
  const isSystemError = 'syscall' in error || ('code' in error && /^E[A-Z]+$/.test(String(error.code)));
  return isSystemError || error instanceof StoreUnavailable || CONNECTION_ERROR.test(error.message);
}

/** Runs `work`, and repeats it up to 5 times after a deadlock or a serialization failure. */
export async function retryOnConflict<T>(work: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error) || retries >= MAX_RETRIES) throw error;
    }
  }
}

/** Runs `work` in a transaction and commits it. After a deadlock or serialization failure it runs again from the start. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return retryOnConflict(async () => {
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      broken = isOutage(error) ? (error as Error) : undefined;
      if (!broken) await client.query('ROLLBACK').catch((failure: Error) => (broken = failure));
      throw error;
    } finally {
      client.release(broken);
    }
  });
}
