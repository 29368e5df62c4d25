import { types } from 'node:util';
import pg from 'pg';
import { withPinnedSettings } from './connection-settings.ts';
import { PooledClient } from './pooled-client.ts';

/** What can run a statement: the pool, or one connection inside a transaction. */
export type Queryable = Pick<pg.Pool, 'query'> | Pick<pg.PoolClient, 'query'>;

/** Postgres could not be reached or could not commit; nothing of the request is stored, or it is stored whole. */
export class StoreUnavailable extends Error {
  constructor(cause: unknown) {
    super('the database is not available', { cause });
    this.name = 'StoreUnavailable';
  }
}

/** More is under way than there is memory for. The caller sees what it sees of an outage: come back. */
export class Overloaded extends StoreUnavailable {}

/** The project has as much under way as its share allows; others have room. */
export class ProjectShareExhausted extends Overloaded {}

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const MAX_RETRIES = 5;

const STATEMENT_MS = 30_000;

const poolOptions = (max: number, statementMs: number): pg.PoolConfig => ({
  max,
  connectionTimeoutMillis: 5_000,
  // A dead peer must not hold a request for the kernel's two hours.
  keepAlive: true,
  // A server that hangs does not keep its own timeouts.
  query_timeout: statementMs + 5_000,
});

/** `statementMs`: a statement that takes longer fails with query_canceled, 57014. */
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
 * Through a pooler in transaction mode, which takes no settings at the start of a connection: its role has them
 * (`pinSettingsOfRole`), the timeouts included.
 */
export function createPoolThroughPooler(connectionString: string, max = 10): pg.Pool {
  const options = { ...poolOptions(max, STATEMENT_MS), connectionString };
  return withListeners(new pg.Pool({ ...options, Client: PooledClient }));
}

function withListeners(pool: pg.Pool): pg.Pool {
  // An idle connection that breaks is replaced at its next use; without a listener the process would end.
  pool.on('error', () => {});
  // So does one that breaks between two statements of a transaction: the next statement says so.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** SQLSTATE of a Postgres error, or undefined for anything that did not come from the server. */
export const sqlState = (error: unknown): string | undefined =>
  error instanceof pg.DatabaseError ? error.code : undefined;

const isConflict = (error: unknown): boolean =>
  sqlState(error) === SERIALIZATION_FAILURE || sqlState(error) === DEADLOCK_DETECTED;

// What pg itself throws of a connection: plain errors without a code.
const CONNECTION_TROUBLE =
  /^(Connection terminated|Query read timeout|Client (was closed|has encountered)|timeout )/;

/** True when the connection or the server failed, not the statement: classes 08, 53, 57, 58, and socket errors. */
export function isOutage(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return /^(08|53|57|58|25006)/.test(state);
  // Not instanceof: errors of Node's core are of another realm where tests run in one of their own.
  if (!types.isNativeError(error)) return false;
  const isSystemError = 'syscall' in error || ('code' in error && /^E[A-Z]+$/.test(String(error.code)));
  return isSystemError || error instanceof StoreUnavailable || CONNECTION_TROUBLE.test(error.message);
}

/** Runs `work` again when Postgres chose it as the victim of a deadlock or a serialization failure. */
export async function retryOnConflict<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!isConflict(error) || tries > MAX_RETRIES) throw error;
    }
  }
}

/** Runs `work` in one transaction and commits it; conflicts run it again from the start. */
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
