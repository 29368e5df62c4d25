import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIGRATIONS_FOLDER, migrationNames } from '../../../src/store/migrations/migration-files.ts';

export type MigrationFolder = {
  path: string;
  write(name: string, sql: string): Promise<void>;
  /** Copies the migrations of Posthorn whose names `chosen` accepts. */
  copy(chosen: (name: string) => boolean): Promise<void>;
  remove(): Promise<void>;
};

/** An empty folder for migrations. */
export async function createMigrationFolder(): Promise<MigrationFolder> {
  const path = await mkdtemp(join(tmpdir(), 'migrations-'));
  return {
    path,
    write: (name, sql) => writeFile(join(path, name), sql),
    async copy(chosen) {
      for (const name of migrationNames(MIGRATIONS_FOLDER).filter(chosen))
        await cp(join(MIGRATIONS_FOLDER, name), join(path, name));
    },
    remove: () => rm(path, { recursive: true }),
  };
}
