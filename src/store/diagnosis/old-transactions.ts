import type { Queryable } from '../postgres/database.ts';

export type OldTransaction = {
  /** `session`: an open transaction. `prepared`: of a two-phase commit. `slot`: what a replication slot holds back. */
  kind: 'session' | 'prepared' | 'slot';
  /** The process id of the session, or the name of the prepared transaction or of the slot. */
  name: string;
  /** Empty for a slot. */
  database: string;
  /** Seconds since it began; null for a slot, and if this role may not see the session. */
  seconds: number | null;
  /** Transactions that began after it. */
  transactions: number;
};

// Autovacuum ends by itself, and gives way. A session of another role shows its start only to members of
// pg_read_all_stats.
const FIND_OLD = `
  SELECT 'session' AS kind, pid::text AS name, coalesce(datname, '') AS database,
         extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds,
         greatest(age(backend_xid), age(backend_xmin)) AS transactions
  FROM pg_stat_activity
  WHERE pid <> pg_backend_pid() AND (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL)
    AND backend_type NOT IN ('autovacuum worker', 'walsender')
  UNION ALL
  SELECT 'prepared', gid, database, extract(epoch FROM clock_timestamp() - prepared)::float8, age(transaction)
  FROM pg_prepared_xacts
  UNION ALL
  SELECT 'slot', slot_name::text, '', NULL, greatest(age(xmin), age(catalog_xmin))
  FROM pg_replication_slots WHERE xmin IS NOT NULL OR catalog_xmin IS NOT NULL
  ORDER BY transactions DESC`;

/**
 * What keeps Postgres from removing old rows, in all databases of the server, the oldest first. Text of statements is not
 * read: it may contain data.
 */
export async function findOldTransactions(db: Queryable): Promise<OldTransaction[]> {
  const { rows } = await db.query<OldTransaction>(FIND_OLD);
  return rows;
}

const READ_AGE = `
  SELECT max(age(datfrozenxid))::int AS age FROM pg_database WHERE datallowconn`;

/** Transactions since the oldest unfrozen one of the server. At about 2,100 million, Postgres accepts no more writes. */
export async function transactionIdAge(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ age: number }>(READ_AGE);
  return rows[0]!.age;
}
