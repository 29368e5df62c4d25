import type { Queryable } from '../postgres/database.ts';
import type { Migration } from './migration-files.ts';

/** How far a migration in batches has come. `position` is what its last batch returned; null: there was none. */
export type BackfillProgress = { position: string | null; batches: number };

/** Creates the tables of the applied migrations, and of those in batches that are under way. */
export async function createHistory(db: Queryable): Promise<void> {
  await db.query(CREATE_HISTORY);
  await db.query(CREATE_BACKFILLS);
}

/** Returns the checksums of the applied migrations by name. */
export async function appliedMigrations(db: Queryable): Promise<Map<string, string>> {
  const { rows } = await db.query<{ name: string; checksum: string }>(SELECT_HISTORY);
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

export async function recordApplied(db: Queryable, { name, checksum }: Migration): Promise<void> {
  await db.query(INSERT_HISTORY, [name, checksum]);
}

export async function backfillProgress(db: Queryable, name: string): Promise<BackfillProgress> {
  const { rows } = await db.query<BackfillProgress>(SELECT_BACKFILL, [name]);
  return rows[0] ?? { position: null, batches: 0 };
}

export async function recordBatch(
  db: Queryable,
  name: string,
  { position, batches }: BackfillProgress,
): Promise<void> {
  await db.query(UPSERT_BACKFILL, [name, position, batches]);
}

export async function removeBackfill(db: Queryable, name: string): Promise<void> {
  await db.query(DELETE_BACKFILL, [name]);
}

const CREATE_HISTORY = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`;

const CREATE_BACKFILLS = `
  CREATE TABLE IF NOT EXISTS schema_backfills (
    name text PRIMARY KEY,
    position text NOT NULL,
    batches integer NOT NULL
  )`;

const SELECT_HISTORY = 'SELECT name, checksum FROM schema_migrations';

const INSERT_HISTORY = 'INSERT INTO schema_migrations (name, checksum) VALUES ($1, $2)';

const SELECT_BACKFILL = 'SELECT position, batches FROM schema_backfills WHERE name = $1';

const UPSERT_BACKFILL = `
  INSERT INTO schema_backfills (name, position, batches) VALUES ($1, $2, $3)
  ON CONFLICT (name) DO UPDATE SET position = excluded.position, batches = excluded.batches`;

const DELETE_BACKFILL = 'DELETE FROM schema_backfills WHERE name = $1';
