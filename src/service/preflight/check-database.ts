import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { sqlState } from '../../store/postgres/database.ts';
import { readServerState } from '../../store/postgres/server.ts';
import { errorCodeOf, StartFailure } from '../start-failure.ts';
import { databaseFailure } from './database-failure.ts';

const CONNECT_TIMEOUT_MS = 5_000;
/** For a server that is still starting; short enough that process managers do not consider the start failed. */
const RETRY_FOR_MS = 5_000;
/** For a server that reports that it is recovering from a crash. */
const RETRY_RECOVERY_FOR_MS = 60_000;
const MIN_VERSION = 140_000;
const CANNOT_CONNECT_NOW = '57P03';

/**
 * Returns when the database at `url` accepts a connection and is Postgres 14 or later. Retries for 5 s if nothing
 * listens. Throws a StartFailure that names `variable`, or the reason of `signal` if it aborts.
 */
export async function checkDatabase(url: string, variable: string, signal?: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await connectAndVerify(url, variable, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (performance.now() - startedAt > retryWindowMs(error)) throw databaseFailure(error, url, variable);
      await sleep(250, undefined, { ...(signal && { signal }) }).catch(() => {});
    }
  }
}

function retryWindowMs(error: unknown): number {
  if (sqlState(error) === CANNOT_CONNECT_NOW) return RETRY_RECOVERY_FOR_MS;
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].includes(errorCodeOf(first) ?? '') ? RETRY_FOR_MS : 0;
}

async function connectAndVerify(
  url: string,
  variable: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => {}); // if the server exits during the query, the query rejects
  const abort = () => void client.end().catch(() => {});
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    const { version, isStandby } = await readServerState(client);
    if (version < MIN_VERSION)
      throw new StartFailure(
        `${variable}: Posthorn needs Postgres 14 or later, and ${describeServer(url)} is ${majorVersion(version)}. Upgrade it, or set the address of a newer one.`,
      );
    if (isStandby)
      throw new StartFailure(
        `${variable}: ${describeServer(url)} is a read-only standby. Set the address of the primary.`,
      );
  } finally {
    signal?.removeEventListener('abort', abort);
    await client.end().catch(() => {});
  }
}

const describeServer = (url: string): string => `the Postgres at ${new URL(url).host}`;
const majorVersion = (version: number): number => Math.floor(version / 10_000);
