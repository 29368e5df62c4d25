import { checkDatabase } from './check-database.ts';
import { checkPooling } from './check-pooling.ts';

/**
 * Returns when the database can be worked with by all the ways that the variables name. Throws a StartFailure that says
 * which variable is concerned. With `mayPin` the role of a pooler gets the settings that Posthorn needs.
 */
export async function checkDatabases(
  urls: { databaseUrl: string; databaseDirectUrl?: string | undefined },
  mayPin: boolean,
  signal?: AbortSignal,
): Promise<void> {
  const { databaseUrl, databaseDirectUrl } = urls;
  await checkDatabase(databaseUrl, 'DATABASE_URL', signal);
  if (databaseDirectUrl) await checkDatabase(databaseDirectUrl, 'DATABASE_DIRECT_URL', signal);
  await checkPooling({ databaseUrl, ...(databaseDirectUrl && { databaseDirectUrl }) }, mayPin);
}
