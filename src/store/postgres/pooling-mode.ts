import type pg from 'pg';
import { withClients } from './short-lived-clients.ts';

/**
 * What stands between us and Postgres: nothing, or a pooler that keeps a session for each connection of ours, or one
 * that hands out sessions for a transaction at a time, so that nothing of a session lasts.
 */
export type PoolingMode = 'none' | 'session' | 'transaction';

/** Other processes take connections from the same pooler: one look may miss that a session has changed hands. */
export const MAX_TRIES = 5;

/** Throws what keeps us from connecting. */
export async function detectPoolingMode(url: string): Promise<PoolingMode> {
  return withClients(2, url, async ([one, other]) => {
    const first = await backendOf(one!);
    // A pooler tells a number of its own where Postgres tells the process of the session.
    if (first === announcedPid(one!)) return 'none';
    for (let look = 0; look < MAX_TRIES; look++) {
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

/** True when both lead to the same database of the same server. */
export async function isSameDatabase(one: string, other: string): Promise<boolean> {
  const identities = await Promise.all(
    [one, other].map((url) =>
      withClients(1, url, async ([client]) => (await client!.query<object>(SELECT_IDENTITY)).rows[0]),
    ),
  );
  return JSON.stringify(identities[0]) === JSON.stringify(identities[1]);
}
