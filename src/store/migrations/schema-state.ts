import { type Queryable, sqlState } from '../postgres/database.ts';
import { MIGRATIONS_FOLDER, migrationNames } from './migration-files.ts';

export type SchemaState =
  | { kind: 'current' }
  /** Migrations of this release that the database has not seen. */
  | { kind: 'older'; missing: string[] }
  /** Migrations in the database that this release does not know. */
  | { kind: 'newer'; unknown: string[] };

const SELECT_NAMES = 'SELECT name FROM schema_migrations ORDER BY name';
const UNDEFINED_TABLE = '42P01';

/** How the schema of the database compares with the migrations of this release, `ours`. */
export async function schemaState(
  db: Queryable,
  ours = migrationNames(MIGRATIONS_FOLDER),
): Promise<SchemaState> {
  const theirs = await appliedNames(db);
  const missing = ours.filter((name) => !theirs.includes(name));
  if (missing.length > 0) return { kind: 'older', missing };
  const unknown = theirs.filter((name) => !ours.includes(name));
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
