import type pg from 'pg';
import type { Config } from '../../config/config.ts';
import { readConnectionCapacity, readServerSettings } from '../../store/diagnosis/server-settings.ts';
import { type SchemaState, schemaState } from '../../store/migrations/schema-state.ts';
import { createPool } from '../../store/postgres/database.ts';
import { clockStatus, createDatabaseClock } from '../../store/postgres/database-clock.ts';
import { connectionsToPostgres } from '../connection-pools.ts';
import { checkDatabases } from '../preflight/check-databases.ts';
import { databaseFailure } from '../preflight/database-failure.ts';
import { type Check, type Checks, failed, ok, warning } from './check.ts';
import { checkTransactions, type TransactionLimits } from './check-transactions.ts';

type DatabaseConfig = Pick<Config, 'databasePool' | 'databaseDirectUrl'> & { databaseUrl: string };

/** Checks Postgres: first that it can be used at all, without which the other checks are left out. */
export async function* checkPostgres(config: DatabaseConfig, transactionLimits?: TransactionLimits): Checks {
  const { databaseUrl, databaseDirectUrl } = config;
  try {
    await checkDatabases({ databaseUrl, databaseDirectUrl }, false);
  } catch (error) {
    yield failed('postgres', databaseFailure(error, databaseUrl, 'DATABASE_URL').message);
    return;
  }
  const pool = createPool(databaseDirectUrl ?? databaseUrl, 1);
  try {
    const settings = await readServerSettings(pool);
    const by = databaseDirectUrl ? ', reached through a pooler and directly' : '';
    yield ok('postgres', `PostgreSQL ${settings.version}${by}.`);
    const state = await schemaState(pool);
    yield schemaCheck(state);
    yield durabilityCheck(settings);
    yield autovacuumCheck(settings);
    if (state.kind !== 'older') yield connectionsCheck(await readConnectionCapacity(pool), config);
    yield* checkTransactions(pool, transactionLimits);
    yield await clockCheck(pool);
  } catch (error) {
    const variable = databaseDirectUrl ? 'DATABASE_DIRECT_URL' : 'DATABASE_URL';
    yield failed('postgres', databaseFailure(error, databaseDirectUrl ?? databaseUrl, variable).message);
  } finally {
    await pool.end();
  }
}

function schemaCheck(state: SchemaState): Check {
  switch (state.kind) {
    case 'current':
      return ok('schema', 'All migrations of this release are applied.');
    case 'older':
      return failed(
        'schema',
        `${state.missing.length} migrations are not applied, the first is ${state.missing[0]}.`,
        'Run "posthorn migrate".',
      );
    case 'newer':
      return failed(
        'schema',
        `A newer release has migrated the database (${state.unknown[0]}).`,
        'Replace this release with that one, or a newer one.',
      );
  }
}

export function durabilityCheck(
  settings: Pick<
    Awaited<ReturnType<typeof readServerSettings>>,
    'fsync' | 'fullPageWrites' | 'synchronousCommit'
  >,
): Check {
  const wrong = [
    settings.fsync ? [] : 'fsync is off',
    settings.fullPageWrites ? [] : 'full_page_writes is off',
    settings.synchronousCommit === 'off' ? 'synchronous_commit is off' : [],
  ].flat();
  if (wrong.length === 0)
    return ok(
      'postgres durability',
      `fsync and full_page_writes are on, synchronous_commit is ${settings.synchronousCommit}.`,
    );
  return failed(
    'postgres durability',
    `${wrong.join(', ')}: a crash can lose events that were accepted, or damage the database.`,
    'Turn it on in postgresql.conf, and reload the server.',
  );
}

export function autovacuumCheck(
  settings: Pick<
    Awaited<ReturnType<typeof readServerSettings>>,
    'autovacuum' | 'trackCounts' | 'tablesWithoutAutovacuum'
  >,
): Check {
  const { autovacuum, trackCounts, tablesWithoutAutovacuum } = settings;
  if (!autovacuum || !trackCounts)
    return failed(
      'postgres autovacuum',
      `${autovacuum ? 'track_counts' : 'autovacuum'} is off, so tables grow and queries become slow.`,
      'Turn it on in postgresql.conf, and reload the server.',
    );
  if (tablesWithoutAutovacuum.length > 0)
    return failed(
      'postgres autovacuum',
      `It is off for ${tablesWithoutAutovacuum.join(', ')}.`,
      'ALTER TABLE … RESET (autovacuum_enabled).',
    );
  return ok('postgres autovacuum', 'It is on.');
}

/** A deploy starts new processes before it stops the old ones, so there must be room for one more than run now. */
export function connectionsCheck(
  { maxConnections, available, elsewhere, processes }: Awaited<ReturnType<typeof readConnectionCapacity>>,
  config: Pick<Config, 'databaseDirectUrl' | 'databasePool'>,
): Check {
  const each = connectionsToPostgres(config);
  const free = available - elsewhere;
  const room = Math.max(0, Math.floor(free / each));
  const beside = config.databaseDirectUrl ? ', besides those of the pooler' : '';
  const found =
    `Of max_connections = ${maxConnections}, ${Math.max(0, free)} are for Posthorn. A process needs up to ${each}${beside}, ` +
    `so there is room for ${room}; ${processes} ${processes === 1 ? 'runs' : 'run'}.`;
  const fix =
    'Raise max_connections, or lower POSTHORN_DATABASE_POOL. Allow for one process more than run: a deploy starts new ones before it stops the old.';
  if (room < Math.max(1, processes)) return failed('postgres connections', found, fix);
  return room < processes + 1
    ? warning('postgres connections', found, fix)
    : ok('postgres connections', found);
}

async function clockCheck(pool: pg.Pool): Promise<Check> {
  const clock = createDatabaseClock({ pool, onSkew: () => {}, onSkewResolved: () => {} });
  try {
    await clock.whenSynced();
    return skewCheck('clock', clock.skewMs());
  } finally {
    await clock.close();
  }
}

export function skewCheck(check: string, skewMs: number | undefined): Check {
  const { ok: isRight, detail } = clockStatus(skewMs);
  if (isRight) return ok(check, `This machine's clock is within ${nextSecond(skewMs)} of that of Postgres.`);
  return failed(check, `This machine's clock ${detail}.`, 'Set the clocks of both machines by NTP.');
}

const nextSecond = (skewMs = 0): string => `${Math.max(1, Math.ceil(Math.abs(skewMs) / 1_000))} s`;
