import type { Config } from '../../config/config.ts';
import { sqlState } from '../../store/postgres/database.ts';
import { detectPoolingMode, isSameDatabase } from '../../store/postgres/pooling-mode.ts';
import { differingSettings, droppedSettings, pinSettingsOfRole } from '../../store/postgres/role-settings.ts';
import { StartFailure } from '../start-failure.ts';
import { databaseFailure } from './database-failure.ts';

type Urls = Pick<Config, 'databaseDirectUrl'> & { databaseUrl: string };

/** PgBouncer's error for a startup parameter that it does not support. */
const PROTOCOL_VIOLATION = '08P01';

/**
 * Detects a pooler in front of Postgres. Throws a StartFailure if Posthorn cannot work through it. With
 * `canPinSettings`, gives the role of the pooler the settings that the statements rely on.
 */
export async function checkPooling(
  { databaseUrl, databaseDirectUrl }: Urls,
  canPinSettings: boolean,
): Promise<void> {
  if (databaseDirectUrl) return checkPoolerAndDirect(databaseUrl, databaseDirectUrl, canPinSettings);
  const pooling = await withDatabaseErrors('DATABASE_URL', databaseUrl, () => detectPoolingMode(databaseUrl));
  if (pooling === 'none') return;
  const cause =
    pooling === 'transaction'
      ? 'a pooler in transaction mode, which does not keep sessions'
      : await describeDroppedSettings(databaseUrl);
  if (cause) {
    throw new StartFailure(
      `DATABASE_URL leads to ${cause}: set DATABASE_DIRECT_URL to the same database without the pooler, ` +
        'and run "posthorn migrate".',
    );
  }
}

/** Null if a pooler in session mode passes the settings of a connection on. */
async function describeDroppedSettings(url: string): Promise<string | null> {
  try {
    const [dropped] = await droppedSettings(url);
    return dropped ? `a pooler that does not pass on settings such as ${dropped}` : null;
  } catch (error) {
    if (sqlState(error) === PROTOCOL_VIOLATION) return 'a pooler that refuses settings at connection start';
    throw databaseFailure(error, url, 'DATABASE_URL');
  }
}

async function checkPoolerAndDirect(pooled: string, direct: string, canPinSettings: boolean): Promise<void> {
  const pooling = await withDatabaseErrors('DATABASE_DIRECT_URL', direct, () => detectPoolingMode(direct));
  if (pooling === 'transaction')
    throw new StartFailure(
      'DATABASE_DIRECT_URL leads to a pooler, too: set it to the address of Postgres itself.',
    );
  const same = await withDatabaseErrors('DATABASE_URL', pooled, () => isSameDatabase(pooled, direct));
  if (!same)
    throw new StartFailure(
      'DATABASE_URL and DATABASE_DIRECT_URL lead to two databases: both must lead to the same one.',
    );

  const differing = await withDatabaseErrors('DATABASE_URL', pooled, () => differingSettings(pooled, direct));
  if (differing.length === 0) return;
  if (!canPinSettings) {
    throw new StartFailure(
      `The role of DATABASE_URL has other settings than Posthorn needs (${differing.join(', ')}). ` +
        'Run "posthorn migrate" with the same variables to change them.',
    );
  }
  const outdated = await withDatabaseErrors('DATABASE_DIRECT_URL', direct, () =>
    pinSettingsOfRole(pooled, direct),
  );
  if (outdated.length > 0) {
    throw new StartFailure(
      `The pooler of DATABASE_URL keeps connections with other settings (${outdated.join(', ')}). ` +
        'Make it reconnect (PgBouncer: RECONNECT in its console), and start again.',
    );
  }
}

async function withDatabaseErrors<T>(variable: string, url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw databaseFailure(error, url, variable);
  }
}
