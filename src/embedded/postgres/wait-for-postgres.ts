import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { StartFailure } from '../../service/start-failure.ts';
import type { ServiceProcess } from '../processes/service-process.ts';

const START_TIMEOUT_MS = 30_000;
const WRONG_PASSWORD = '28P01';

/** Returns when the server answers. Throws with its last words when it ends, or refuses us, or takes too long. */
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
      return await withClient(url, async (client) => void (await client.query('SELECT 1')));
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === WRONG_PASSWORD) {
        throw new StartFailure(
          'The embedded Postgres refuses the password in postgres-password of POSTHORN_DATA_DIR: it is not of this data. ' +
            'Put the file back that belongs to it.',
          {
            cause: error,
          },
        );
      }
      if (performance.now() > until)
        throw new StartFailure(
          `The embedded Postgres does not answer within ${START_TIMEOUT_MS / 1000} s; postgres.log in POSTHORN_DATA_DIR says why.`,
          { cause: error },
        );
      await sleep(25);
    }
  }
}

/** Makes the database `name` when it is not there; `url` is that of another one. */
export async function ensureDatabase(url: string, name: string): Promise<void> {
  await withClient(url, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (!rowCount) await client.query(`CREATE DATABASE ${name}`);
  });
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {}); // the server may go while we are connected; the query says so
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end();
  }
}
