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
const UNIQUE_VIOLATION = '23505';
const LOCK_NOT_AVAILABLE = '55P03';
const QUERY_CANCELED = '57014';
const MAX_RETRIES = 5;

const STATEMENT_MS = 30_000;

const poolOptions = (max: number, statementMs: number): pg.PoolConfig => ({
  max,
  connectionTimeoutMillis: 5_000,
  // Without keep-alive, a dead peer would block a request for the kernel's default of two hours.
  keepAlive: true,
  // A server that hangs does not enforce its own timeouts.
  query_timeout: statementMs + 5_000,
  // Statements that do not depend on each other are sent without waiting for the responses.
  pipeline: true,
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

/** Whether a statement failed because of this unique index or constraint. */
export const violatesUnique = (error: unknown, index: string): boolean =>
  error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION && error.constraint === index;

/** Whether a statement waited for a lock for as long as it may. */
export const isLockTimeout = (error: unknown): boolean => sqlState(error) === LOCK_NOT_AVAILABLE;

/** Whether a statement was cancelled, because it took longer than it may or at an operator's request. */
export const isCancelled = (error: unknown): boolean => sqlState(error) === QUERY_CANCELED;

/**
 * SQL: a condition that is true. From its evaluation to the end of the transaction, a statement waits for a lock for at most
 * `milliseconds`, a text; '0' is no limit. Costs no message, as SET LOCAL would.
 */
export const lockWaitLimited = (milliseconds: string): string =>
  `(SELECT set_config('lock_timeout', ${milliseconds}, true)) IS NOT NULL`;

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
    return lastStatements(client, async () => {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    });
  });
}

/** A transaction that its holder ends, with exactly one of `commit`, `commitWith` and `rollback`. */
export type OpenTransaction = {
  /** Runs statements. If they fail, the transaction is rolled back, and has ended. */
  run<T>(statements: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  commit(): Promise<void>;
  runAndCommit<T>(statements: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  /** Like runAndCommit, in one round trip. `statement` sends a single statement, before it awaits anything. */
  commitWith<T>(statement: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  rollback(): Promise<void>;
};

/**
 * Begins a transaction with `statements`, in one round trip. If they fail, the transaction is rolled back. A statement that
 * waits for a lock for more than `maxLockWaitMs` fails (`isLockTimeout`); 0 is no limit.
 */
export async function beginTransaction<T>(
  pool: pg.Pool,
  statements: (client: pg.PoolClient) => Promise<T>,
  maxLockWaitMs = 0,
): Promise<{ transaction: OpenTransaction; result: T }> {
  const client = await pool.connect();
  // One message.
  const begin = maxLockWaitMs === 0 ? 'BEGIN' : `BEGIN; SET LOCAL lock_timeout = ${maxLockWaitMs}`;
  const [begun, ran] = await Promise.allSettled([client.query(begin), statements(client)]);
  if (begun.status === 'fulfilled' && ran.status === 'fulfilled')
    return { transaction: openTransaction(client), result: ran.value };
  return lastStatements(client, () => Promise.reject(firstReason(begun, ran)));
}

const openTransaction = (client: pg.PoolClient): OpenTransaction => ({
  run: (statements) =>
    statements(client).catch((error) => lastStatements(client, () => Promise.reject(error))),
  commit: () => lastStatements(client, async () => void (await client.query('COMMIT'))),
  runAndCommit: (statements) =>
    lastStatements(client, async () => {
      const result = await statements(client);
      await client.query('COMMIT');
      return result;
    }),
  rollback: () => lastStatements(client, async () => void (await client.query('ROLLBACK'))),
  commitWith: (statement) =>
    lastStatements(client, async () => {
      // After a failed statement, Postgres carries out the COMMIT as a ROLLBACK.
      const [ran, committed] = await Promise.allSettled([statement(client), client.query('COMMIT')]);
      if (ran.status === 'fulfilled' && committed.status === 'fulfilled') return ran.value;
      throw firstReason(ran, committed);
    }),
});

const firstReason = (...settled: PromiseSettledResult<unknown>[]): unknown =>
  settled.find((one) => one.status === 'rejected')?.reason;

/** Runs the last statements of a transaction and returns the client to the pool. If they fail, rolls back. */
export async function lastStatements<T>(client: pg.PoolClient, statements: () => Promise<T>): Promise<T> {
  let broken: Error | undefined;
  try {
    return await statements();
  } catch (error) {
    if (isOutage(error)) broken = error as Error;
    else await client.query('ROLLBACK').catch((failure: Error) => (broken = failure));
    throw error;
  } finally {
    client.release(broken);
  }
}
