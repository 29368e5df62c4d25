import { schemaState } from '../../store/migrations/schema-state.ts';
import { createPool } from '../../store/postgres/database.ts';
import { StartFailure } from '../start-failure.ts';

/** Throws a StartFailure if the schema of the database is not the schema of this release. */
export async function checkSchema(databaseUrl: string, variable = 'DATABASE_URL'): Promise<void> {
  const pool = createPool(databaseUrl, 1);
  const state = await schemaState(pool).finally(() => pool.end());
  if (state.kind === 'older') {
    throw new StartFailure(
      `The database of ${variable} is not migrated (it lacks ${state.missing[0]}). Run "posthorn migrate" first.`,
    );
  }
  if (state.kind === 'newer') {
    throw new StartFailure(
      `The database of ${variable} was migrated by a newer release (${state.unknown[0]}). Start that release, or a newer one.`,
    );
  }
}
