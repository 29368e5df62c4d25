import type pg from 'pg';
import { withClients } from './short-lived-clients.ts';

/**
 * Whether there is a pooler between Posthorn and Postgres: none, one that keeps a session for each client connection, or
 * one that assigns a session for each transaction, so that no session state lasts.
 */
export type PoolingMode = 'none' | 'session' | 'transaction';

/** Other processes use the same pooler, so one try may not notice that sessions change hands. */
export const MAX_TRIES = 5;

/** Detects the pooling mode behind a URL. Throws connection errors. */
export async function detectPoolingMode(url: string): Promise<PoolingMode> {
  return withClients(2, url, async ([one, other]) => {
    const first = await backendOf(one!);
    // Postgres announces the session's process id when a connection starts; a pooler announces a number of its own.
    if (first === announcedPid(one!)) return 'none';
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      await other!.query('BEGIN');
      const theirs = await backendOf(other!);
      const mine = await backendOf(one!);
      await other!.query('ROLLBACK');
      if (theirs === first || mine !== first) return 'transaction';
    }
    return 'session';
  });
}

export const backendOf = async (client: pg.Client): Promise<number> =>
  (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]!.pid;

const announcedPid = (client: pg.Client): number | undefined =>
  (client as unknown as { processID?: number }).processID;

const SELECT_IDENTITY = `
  SELECT extract(epoch FROM pg_postmaster_start_time())::text AS started, oid::text AS database
  FROM pg_database WHERE datname = current_database()`;

/** Whether both URLs lead to the same database of the same server. */
export async function isSameDatabase(one: string, other: string): Promise<boolean> {
  const identities = await Promise.all(
    [one, other].map((url) =>
      withClients(1, url, async ([client]) => (await client!.query<object>(SELECT_IDENTITY)).rows[0]),
    ),
  );
  return JSON.stringify(identities[0]) === JSON.stringify(identities[1]);
}
