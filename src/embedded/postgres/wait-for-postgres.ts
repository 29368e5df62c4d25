import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { StartFailure } from '../../service/start-failure.ts';
import { createDatabaseIfMissing, ping } from '../../store/postgres/server.ts';
import type { ServiceProcess } from '../processes/service-process.ts';

const START_TIMEOUT_MS = 30_000;
const WRONG_PASSWORD = '28P01';

/** Returns when the server responds. Throws a StartFailure if it exits, rejects the password, or takes over 30 s. */
export async function waitForPostgres(
  server: ServiceProcess,
  url: string,
  signal?: AbortSignal,
): Promise<void> {
  const until = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    if (server.failure()) throw new StartFailure(`The embedded Postgres did not start: ${server.failure()}`);
    try {
      return await withClient(url, ping);
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === WRONG_PASSWORD) {
        throw new StartFailure(
          'The embedded Postgres rejects the password in the file postgres-password of POSTHORN_DATA_DIR. ' +
            'Restore the file that belongs to this data.',
          {
            cause: error,
          },
        );
      }
      if (performance.now() > until)
        throw new StartFailure(
          `The embedded Postgres does not respond within ${START_TIMEOUT_MS / 1000} s; see postgres.log in POSTHORN_DATA_DIR.`,
          { cause: error },
        );
      await sleep(25);
    }
  }
}

/** Creates the database `name` if it does not exist. `url` leads to another database of the server. */
export async function ensureDatabase(url: string, name: string): Promise<void> {
  await withClient(url, (client) => createDatabaseIfMissing(client, name));
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {}); // if the server exits during a query, the query rejects
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end();
  }
}
