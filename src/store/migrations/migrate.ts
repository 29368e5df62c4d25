import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { createPool } from '../postgres/database.ts';
import { MIGRATIONS_FOLDER, migrationNames } from './migration-files.ts';
import { resetStreamAfterRestore } from './reset-stream-after-restore.ts';

/** An arbitrary constant, the same in every process that migrates. */
const MIGRATION_LOCK = 7_670_911;
const LOCK_POLL_MS = 200;

/**
 * A file that begins with this line is applied statement by statement, so that it can create indexes on large tables without
 * blocking those who write to them. If it is interrupted it is applied again from its beginning, so it must allow for that.
 */
const OUTSIDE_A_TRANSACTION = '-- outside a transaction\n';

type Migration = { name: string; sql: string; checksum: string };

/** The file of an applied migration has changed, so the schema may differ from what the files describe. */
export class ChangedMigration extends Error {
  constructor(name: string) {
    super(
      `migration ${name} was changed after it had been applied to this database; ` +
        'restore the file as it was, and put the change into a new migration',
    );
    this.name = 'ChangedMigration';
  }
}

/** A statement of a migration failed. Nothing of that migration is applied, unless it runs outside a transaction. */
export class MigrationFailed extends Error {
  constructor(name: string, cause: unknown) {
    super(`migration ${name} failed: ${(cause as Error).message}`, { cause });
    this.name = 'MigrationFailed';
  }
}

/**
 * Applies the missing `migrations/*.sql` in order, each in a transaction of its own unless its first line says otherwise, and
 * returns their names. Processes that migrate at the same time wait for each other. Applied migrations without a file are
 * ignored; `schemaState` reports them. In a database that was restored from a dump, the stream of outcomes is reset. Throws
 * ChangedMigration, MigrationFailed and connection errors.
 */
export async function migrate(database: pg.Pool | string, folder = MIGRATIONS_FOLDER): Promise<string[]> {
  const pool = typeof database === 'string' ? createPool(database, 1) : database;
  const client = await pool.connect();
  try {
    // Creating an index on a large table may take longer than the timeout of ordinary statements.
    await client.query('SET statement_timeout = 0');
    await client.query(NO_TRANSACTION_TIMEOUT);
    await waitForLock(client);
    const applied = await applyMissing(client, await readMigrations(folder));
    await resetStreamAfterRestore(client);
    return applied;
  } finally {
    client.release(true); // closes the connection, which holds the lock and has no statement timeout
    if (typeof database === 'string') await pool.end();
  }
}

/** Polls: a statement that waits for the lock has a snapshot, and creating an index concurrently waits until it has ended. */
async function waitForLock(client: pg.PoolClient): Promise<void> {
  const tryLock = () => client.query<{ locked: boolean }>(TRY_LOCK, [MIGRATION_LOCK]);
  while (!(await tryLock()).rows[0]!.locked) await sleep(LOCK_POLL_MS);
}

async function applyMissing(client: pg.PoolClient, migrations: Migration[]): Promise<string[]> {
  await client.query(CREATE_HISTORY);
  const { rows } = await client.query<{ name: string; checksum: string }>(SELECT_HISTORY);
  const applied = new Map(rows.map((row) => [row.name, row.checksum]));

  for (const { name, checksum } of migrations) {
    if (applied.has(name) && applied.get(name) !== checksum) throw new ChangedMigration(name);
  }
  const missing = migrations.filter(({ name }) => !applied.has(name));
  for (const migration of missing) await apply(client, migration);
  return missing.map(({ name }) => name);
}

async function apply(client: pg.PoolClient, { name, sql, checksum }: Migration): Promise<void> {
  const isolated = !sql.startsWith(OUTSIDE_A_TRANSACTION);
  const statements = isolated ? ['BEGIN', sql] : sql.split(/;\n/);
  try {
    for (const statement of statements) await client.query(statement);
    await client.query(INSERT_HISTORY, [name, checksum]);
    if (isolated) await client.query('COMMIT');
  } catch (cause) {
    throw new MigrationFailed(name, cause);
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  return Promise.all(
    migrationNames(folder).map(async (name) => {
      // A checkout with Windows line endings must not count as a change.
      const sql = (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

// Through pg_settings, because PostgreSQL 14 to 16 do not have transaction_timeout.
const NO_TRANSACTION_TIMEOUT = `
  SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'`;

const TRY_LOCK = 'SELECT pg_try_advisory_lock($1) AS locked';

const CREATE_HISTORY = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`;

const SELECT_HISTORY = 'SELECT name, checksum FROM schema_migrations';

const INSERT_HISTORY = 'INSERT INTO schema_migrations (name, checksum) VALUES ($1, $2)';
