import { type Queryable, sqlState } from '../postgres/database.ts';
import { MIGRATIONS_FOLDER, migrationNames } from './migration-files.ts';

export type SchemaState =
  | { kind: 'current' }
  /** Migrations of this release that are not applied to the database. */
  | { kind: 'older'; missing: string[] }
  /** Applied migrations that this release does not have. */
  | { kind: 'newer'; unknown: string[] };

const SELECT_NAMES = 'SELECT name FROM schema_migrations ORDER BY name';
const UNDEFINED_TABLE = '42P01';

/** Compares the migrations applied to the database with those of this release, `ours`. */
export async function schemaState(
  db: Queryable,
  ours = migrationNames(MIGRATIONS_FOLDER),
): Promise<SchemaState> {
  const applied = await appliedNames(db);
  const missing = ours.filter((name) => !applied.includes(name));
  if (missing.length > 0) return { kind: 'older', missing };
  const unknown = applied.filter((name) => !ours.includes(name));
  return unknown.length > 0 ? { kind: 'newer', unknown } : { kind: 'current' };
}

async function appliedNames(db: Queryable): Promise<string[]> {
  try {
    const { rows } = await db.query<{ name: string }>(SELECT_NAMES);
    return rows.map(({ name }) => name);
  } catch (error) {
    if (sqlState(error) === UNDEFINED_TABLE) return [];
    throw error;
  }
}
