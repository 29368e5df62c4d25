import type { Queryable } from './database.ts';

const PING = 'SELECT 1';

/** Resolves when the server has responded to a query. */
export async function ping(db: Queryable): Promise<void> {
  await db.query(PING);
}

const READ_SERVER = `
  SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS "isStandby"`;

/** `version` as in server_version_num: 180004 is 18.4. A standby accepts no writes. */
export type ServerState = { version: number; isStandby: boolean };

export async function readServerState(db: Queryable): Promise<ServerState> {
  const { rows } = await db.query<ServerState>(READ_SERVER);
  return rows[0]!;
}

const FIND_DATABASE = 'SELECT 1 FROM pg_database WHERE datname = $1';

/** Creates the database `name` if it does not exist. The name is not quoted, so it must be a plain identifier. */
export async function createDatabaseIfMissing(db: Queryable, name: string): Promise<void> {
  const { rowCount } = await db.query(FIND_DATABASE, [name]);
  if (!rowCount) await db.query(`CREATE DATABASE ${name}`);
}
