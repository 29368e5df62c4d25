import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const MIGRATIONS_FOLDER = join(import.meta.dirname, '../../../migrations');

/**
 * How a migration runs, which its first line says: in one transaction; outside of it, statement by statement, to build or drop
 * indexes without blocking writes; or as a statement that is repeated for one batch of rows after another.
 */
export type MigrationKind = 'transaction' | 'outside' | 'batches';

export type Migration = { name: string; kind: MigrationKind; sql: string; checksum: string };

/** Returns the names of the migrations in a folder, in the order in which they are applied. */
export const migrationNames = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /^\d{4}[a-z]?_.*\.sql$/.test(name))
    .sort();

export async function readMigrations(folder: string): Promise<Migration[]> {
  return Promise.all(
    migrationNames(folder).map(async (name) => {
      // A checkout with Windows line endings must not count as a change.
      const sql = (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n');
      return { name, kind: kindOf(sql), sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

function kindOf(sql: string): MigrationKind {
  if (sql.startsWith('-- outside a transaction\n')) return 'outside';
  return sql.startsWith('-- in batches\n') ? 'batches' : 'transaction';
}
