import type { Config } from '../../config/config.ts';
import { ChangedMigration, MigrationFailed, migrate } from '../../store/migrations/migrate.ts';
import { StartFailure } from '../start-failure.ts';
import { checkDatabases } from './check-databases.ts';
import { checkSchema } from './check-schema.ts';
import { databaseFailure } from './database-failure.ts';

/** Runs `posthorn migrate`. Returns the names of the applied migrations. Throws a StartFailure. */
export async function runMigrateCommand({ databaseUrl, databaseDirectUrl }: Config): Promise<string[]> {
  await checkDatabases({ databaseUrl: databaseUrl!, databaseDirectUrl }, true);
  return migrateDatabase(databaseDirectUrl ?? databaseUrl!);
}

/**
 * Migrates the database to the current schema. Returns the names of the applied migrations. Throws a StartFailure if this
 * fails, or if a newer release has migrated the database.
 */
export async function migrateDatabase(databaseUrl: string, variable = 'DATABASE_URL'): Promise<string[]> {
  try {
    const applied = await migrate(databaseUrl);
    await checkSchema(databaseUrl, variable);
    return applied;
  } catch (error) {
    if (error instanceof ChangedMigration || error instanceof MigrationFailed)
      throw new StartFailure(`The database could not be migrated: ${error.message}.`, { cause: error });
    throw databaseFailure(error, databaseUrl, variable);
  }
}
