import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { sqlState } from '../../store/postgres/database.ts';
import { errorCodeOf, StartFailure } from '../start-failure.ts';
import { databaseFailure } from './database-failure.ts';

const CONNECT_WITHIN_MS = 5_000;
/** A server that is being started beside us: long enough that a supervisor does not give us up. */
const AGAIN_FOR_MS = 5_000;
/** It recovers after a crash, and says so. */
const RECOVERING_FOR_MS = 60_000;
const OLDEST_VERSION = 140_000;
const CANNOT_CONNECT_NOW = '57P03';

/**
 * Returns when the database at `url` lets us in and is new enough. Throws a StartFailure that names `variable`, after a
 * few seconds where nothing listens yet, and the reason of the signal when it aborts.
 */
export async function checkDatabase(url: string, variable: string, signal?: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await lookInto(url, variable, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (performance.now() - startedAt > patienceFor(error)) throw databaseFailure(error, url, variable);
      await sleep(250, undefined, { ...(signal && { signal }) }).catch(() => {});
    }
  }
}

function patienceFor(error: unknown): number {
  if (sqlState(error) === CANNOT_CONNECT_NOW) return RECOVERING_FOR_MS;
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'].includes(errorCodeOf(first) ?? '') ? AGAIN_FOR_MS : 0;
}

async function lookInto(url: string, variable: string, signal: AbortSignal | undefined): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  client.on('error', () => {}); // the server may go while we are connected; the query says so
  const giveUp = () => void client.end().catch(() => {});
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; standby: boolean }>(
      "SELECT current_setting('server_version_num') AS version, pg_is_in_recovery() AS standby",
    );
    const { version, standby } = rows[0]!;
    if (Number(version) < OLDEST_VERSION)
      throw new StartFailure(
        `${variable}: Posthorn needs Postgres 14 or later, and ${nameOf(url)} is ${major(version)}. Upgrade it, or give the address of a newer one.`,
      );
    if (standby)
      throw new StartFailure(
        `${variable}: ${nameOf(url)} is a read-only standby. Give the address of the primary.`,
      );
  } finally {
    signal?.removeEventListener('abort', giveUp);
    await client.end().catch(() => {});
  }
}

const nameOf = (url: string): string => `the Postgres at ${new URL(url).host}`;
const major = (version: string): string => String(Math.floor(Number(version) / 10_000));
