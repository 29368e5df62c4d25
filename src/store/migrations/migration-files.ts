import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export const MIGRATIONS_FOLDER = join(import.meta.dirname, '../../../migrations');

/** Returns the names of the migrations in a folder, in the order in which they are applied. */
export const migrationNames = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /^\d{4}[a-z]?_.*\.sql$/.test(name))
    .sort();
