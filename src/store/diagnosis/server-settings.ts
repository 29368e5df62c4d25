import type { Queryable } from '../postgres/database.ts';

export type ServerSettings = {
  /** As in `18.4`, without what a distribution adds. */
  version: string;
  fsync: boolean;
  fullPageWrites: boolean;
  /** Of a connection with Posthorn's own settings. */
  synchronousCommit: string;
  autovacuum: boolean;
  trackCounts: boolean;
  /** Tables whose own settings turn autovacuum off. */
  tablesWithoutAutovacuum: string[];
};

const READ_SETTINGS = `
  SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
         current_setting('fsync')::bool AS fsync,
         current_setting('full_page_writes')::bool AS "fullPageWrites",
         current_setting('synchronous_commit') AS "synchronousCommit",
         current_setting('autovacuum')::bool AS autovacuum,
         current_setting('track_counts')::bool AS "trackCounts",
         ARRAY(SELECT c.relname::text FROM pg_class c
               WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'm')
                 AND EXISTS (SELECT FROM unnest(c.reloptions) AS option
                             WHERE option ~* '^autovacuum_enabled=(off|false|no|0)$')
               ORDER BY c.relname) AS "tablesWithoutAutovacuum"`;

/** Settings of the server on which durability and the speed of queries depend. */
export async function readServerSettings(db: Queryable): Promise<ServerSettings> {
  const { rows } = await db.query<ServerSettings>(READ_SETTINGS);
  return rows[0]!;
}

export type ConnectionCapacity = {
  maxConnections: number;
  /** Connections that an ordinary role of this database may have: less those for superusers, and by its own limits. */
  available: number;
  /** Connections of other databases on the server. */
  elsewhere: number;
  /** Processes of Posthorn with a heartbeat in the last 30 s. */
  processes: number;
};

// reserved_connections exists since PostgreSQL 16. A limit of -1 means none.
const READ_CAPACITY = `
  SELECT max::int AS "maxConnections",
         least(max - reserved,
               (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
               (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user))::int AS available,
         (SELECT count(*) FROM pg_stat_activity
          WHERE backend_type = 'client backend' AND datname <> current_database())::int AS elsewhere
  FROM (SELECT current_setting('max_connections')::int AS max,
               current_setting('superuser_reserved_connections')::int
               + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved) AS settings`;

const COUNT_PROCESSES = `
  SELECT count(*)::int AS n FROM processes
  WHERE lost_at IS NULL AND last_heartbeat_at > clock_timestamp() - interval '30 seconds'`;

/** How many connections there may be, and who needs them. The database must be migrated. */
export async function readConnectionCapacity(db: Queryable): Promise<ConnectionCapacity> {
  const { rows } = await db.query<Omit<ConnectionCapacity, 'processes'>>(READ_CAPACITY);
  const { rows: counted } = await db.query<{ n: number }>(COUNT_PROCESSES);
  return { ...rows[0]!, processes: counted[0]!.n };
}
