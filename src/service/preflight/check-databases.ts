import { checkDatabase } from './check-database.ts';
import { checkPooling } from './check-pooling.ts';

/**
 * Checks the database through each configured URL. Throws a StartFailure that names the variable. With
 * `canPinSettings`, gives the role of a pooler the settings that Posthorn needs.
 */
export async function checkDatabases(
  urls: { databaseUrl: string; databaseDirectUrl?: string | undefined },
  canPinSettings: boolean,
  signal?: AbortSignal,
): Promise<void> {
  const { databaseUrl, databaseDirectUrl } = urls;
  await checkDatabase(databaseUrl, 'DATABASE_URL', signal);
  if (databaseDirectUrl) await checkDatabase(databaseDirectUrl, 'DATABASE_DIRECT_URL', signal);
  await checkPooling({ databaseUrl, ...(databaseDirectUrl && { databaseDirectUrl }) }, canPinSettings);
}
