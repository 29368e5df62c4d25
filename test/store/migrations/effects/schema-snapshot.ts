import type { Queryable } from '../../../../src/store/postgres/database.ts';
import { LARGE_TABLES } from './large-tables.ts';

export type Column = { type: string; required: boolean };

/** What the schema and the current transaction look like at one moment. */
export type Snapshot = {
  /** By table and column: `deliveries.status`. */
  columns: Map<string, Column>;
  /** Large tables and their partitions. */
  tables: Map<string, { root: string; file: string; scans: number; changes: number }>;
  /** Indexes of large tables, by name. The id of a renamed index stays. `isOfKey`: a constraint has created it. */
  indexes: Map<string, { table: string; id: string; isOfKey: boolean }>;
  /** The tables on which this transaction has a lock that writes wait for. */
  blocked: string[];
};

export async function takeSnapshot(db: Queryable): Promise<Snapshot> {
  const { rows: columns } = await db.query<Column & { name: string }>(COLUMNS);
  const { rows: tables } = await db.query(TABLES, [LARGE_TABLES]);
  const { rows: indexes } = await db.query(INDEXES, [LARGE_TABLES]);
  const { rows: blocked } = await db.query<{ name: string }>(BLOCKED);
  return {
    columns: new Map(columns.map(({ name, ...column }) => [name, column])),
    tables: new Map(tables.map(({ name, ...table }) => [name, table])),
    indexes: new Map(indexes.map(({ name, root, id, isOfKey }) => [name, { table: root, id, isOfKey }])),
    blocked: blocked.map(({ name }) => name),
  };
}

const COLUMNS = `
  SELECT a.attrelid::regclass || '.' || a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS required
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped`;

const LARGE = `
  SELECT c.oid, c.oid::regclass::text AS name, coalesce(pg_partition_root(c.oid), c.oid)::regclass::text AS root
  FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    AND coalesce(pg_partition_root(c.oid), c.oid)::regclass::text = ANY ($1)`;

// The counters of this transaction. They include earlier ones of the session that Postgres has not reported yet, so only the
// difference between two snapshots of a transaction counts.
const TABLES = `
  SELECT large.name, large.root, pg_relation_filenode(large.oid)::text AS file,
    coalesce(counted.seq_scan, 0)::int AS scans,
    coalesce(counted.n_tup_upd + counted.n_tup_del, 0)::int AS changes
  FROM (${LARGE}) AS large LEFT JOIN pg_stat_xact_user_tables counted ON counted.relid = large.oid`;

const INDEXES = `
  SELECT i.indexrelid::regclass::text AS name, i.indexrelid::text AS id, large.root,
    EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid) AS "isOfKey"
  FROM (${LARGE}) AS large JOIN pg_index i ON i.indrelid = large.oid`;

const BLOCKED = `
  SELECT DISTINCT l.relation::regclass::text AS name
  FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
  WHERE l.pid = pg_backend_pid() AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  ORDER BY name`;
