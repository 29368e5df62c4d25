import type { Config } from '../../config/config.ts';
import { ChangedMigration, MigrationFailed, migrate } from '../../store/migrations/migrate.ts';
import { StartFailure } from '../start-failure.ts';
import { checkDatabases } from './check-databases.ts';
import { checkSchema } from './check-schema.ts';
import { databaseFailure } from './database-failure.ts';

type Print = (line: string) => void;

/** Runs `posthorn migrate`. Returns the names of the applied migrations. Throws a StartFailure. */
export async function runMigrateCommand(
  { databaseUrl, databaseDirectUrl }: Config,
  print: Print,
): Promise<string[]> {
  await checkDatabases({ databaseUrl: databaseUrl!, databaseDirectUrl }, true);
  return migrateDatabase(databaseDirectUrl ?? databaseUrl!, print);
}

/**
 * Migrates the database to the current schema, and prints what takes long. Returns the names of the applied migrations.
 * Throws a StartFailure if this fails, or if a newer release has migrated the database.
 */
export async function migrateDatabase(
  databaseUrl: string,
  print: Print,
  variable = 'DATABASE_URL',
): Promise<string[]> {
  try {
    const applied = await migrate(databaseUrl, { log: print });
    await checkSchema(databaseUrl, variable);
    return applied;
  } catch (error) {
    if (error instanceof ChangedMigration || error instanceof MigrationFailed)
      throw new StartFailure(`The database could not be migrated: ${error.message}.`, { cause: error });
    throw databaseFailure(error, databaseUrl, variable);
  }
}
