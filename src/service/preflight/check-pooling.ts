import type { Config } from '../../config/config.ts';
import { sqlState } from '../../store/postgres/database.ts';
import { detectPoolingMode, isSameDatabase } from '../../store/postgres/pooling-mode.ts';
import { differingSettings, droppedSettings, pinSettingsOfRole } from '../../store/postgres/role-settings.ts';
import { StartFailure } from '../start-failure.ts';
import { databaseFailure } from './database-failure.ts';

type Urls = Pick<Config, 'databaseDirectUrl'> & { databaseUrl: string };

/** What PgBouncer answers to a parameter that it does not pass on. */
const PROTOCOL_VIOLATION = '08P01';

/**
 * Looks what stands between us and Postgres, and throws a StartFailure where Posthorn cannot work that way. With
 * `mayPin` the role of the pooler gets the settings that the statements rely on.
 */
export async function checkPooling({ databaseUrl, databaseDirectUrl }: Urls, mayPin: boolean): Promise<void> {
  if (databaseDirectUrl) return checkBoth(databaseUrl, databaseDirectUrl, mayPin);
  const pooling = await naming('DATABASE_URL', databaseUrl, () => detectPoolingMode(databaseUrl));
  if (pooling === 'none') return;
  const cause =
    pooling === 'transaction'
      ? 'a pooler in transaction mode, which keeps nothing of a session'
      : await droppedBy(databaseUrl);
  if (cause) {
    throw new StartFailure(
      `DATABASE_URL leads to ${cause}: set DATABASE_DIRECT_URL to the same database without the pooler, ` +
        'and run "posthorn migrate".',
    );
  }
}

/** Null where a pooler that keeps sessions passes our settings on. */
async function droppedBy(url: string): Promise<string | null> {
  try {
    const [dropped] = await droppedSettings(url);
    return dropped ? `a pooler that does not pass on settings such as ${dropped}` : null;
  } catch (error) {
    if (sqlState(error) === PROTOCOL_VIOLATION)
      return 'a pooler that refuses settings at the start of a connection';
    throw databaseFailure(error, url, 'DATABASE_URL');
  }
}

async function checkBoth(pooled: string, direct: string, mayPin: boolean): Promise<void> {
  const pooling = await naming('DATABASE_DIRECT_URL', direct, () => detectPoolingMode(direct));
  if (pooling === 'transaction')
    throw new StartFailure(
      'DATABASE_DIRECT_URL leads to a pooler, too: give the address of Postgres itself.',
    );
  const same = await naming('DATABASE_URL', pooled, () => isSameDatabase(pooled, direct));
  if (!same)
    throw new StartFailure(
      'DATABASE_URL and DATABASE_DIRECT_URL lead to two databases: give two ways to one.',
    );

  const differing = await naming('DATABASE_URL', pooled, () => differingSettings(pooled, direct));
  if (differing.length === 0) return;
  if (!mayPin) {
    throw new StartFailure(
      `The role of DATABASE_URL has other settings than Posthorn needs (${differing.join(', ')}). ` +
        'Run "posthorn migrate" with the same variables, which gives it those.',
    );
  }
  const left = await naming('DATABASE_DIRECT_URL', direct, () => pinSettingsOfRole(pooled, direct));
  if (left.length > 0) {
    throw new StartFailure(
      `The pooler of DATABASE_URL holds on to sessions with other settings (${left.join(', ')}). ` +
        'Let it connect anew (PgBouncer: RECONNECT in its console), and start once more.',
    );
  }
}

async function naming<T>(variable: string, url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw databaseFailure(error, url, variable);
  }
}
