import { inTransactionWithLockTries, LOCK_TRIES, type LockTries } from './lock-tries.ts';
import { MIGRATIONS_FOLDER, type Migration, readMigrations } from './migration-files.ts';
import { appliedMigrations, createHistory, recordApplied } from './migration-history.ts';
import { inMigrationSession, type MigrationSession } from './migration-session.ts';
import { resetStreamAfterRestore } from './reset-stream-after-restore.ts';
import { BATCH_ROWS, runInBatches } from './run-in-batches.ts';
import { runOutsideTransaction } from './run-outside-transaction.ts';

/** The file of an applied migration has changed, so the schema may differ from what the files describe. */
export class ChangedMigration extends Error {
  constructor(name: string) {
    super(
      `migration ${name} was changed after it had been applied to this database; ` +
        'restore the file as it was, and put the change into a new migration',
    );
    this.name = 'ChangedMigration';
  }
}

/** A statement of a migration failed. Nothing of that migration is applied, unless it runs outside a transaction or in batches. */
export class MigrationFailed extends Error {
  constructor(name: string, cause: unknown) {
    super(`migration ${name} failed: ${(cause as Error).message}`, { cause });
    this.name = 'MigrationFailed';
  }
}

export type MigrateOptions = {
  folder?: string;
  /** Gets a line when a migration takes long or has to wait. */
  log?: (line: string) => void;
  locks?: LockTries;
  batchRows?: number;
  /** How often a line tells how far a long migration is. */
  progressMs?: number;
};

/**
 * Applies the missing `migrations/*.sql` in order, and returns their names. Processes that migrate at the same time wait for
 * each other; a killed one is followed up by the next. Applied migrations without a file are ignored; `schemaState` reports
 * them. In a database that was restored from a dump, the stream of outcomes is reset. The URL must not lead through a pooler
 * in transaction mode. Throws ChangedMigration, MigrationFailed and connection errors.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<string[]> {
  const settings = { ...DEFAULTS, ...options };
  return inMigrationSession(url, settings.log, async (session) => {
    const missing = await missingMigrations(session, settings.folder);
    for (const migration of missing) await apply(session, migration, settings);
    await resetStreamAfterRestore(session.client);
    return missing.map(({ name }) => name);
  });
}

const DEFAULTS: Required<MigrateOptions> = {
  folder: MIGRATIONS_FOLDER,
  log: () => {},
  locks: LOCK_TRIES,
  batchRows: BATCH_ROWS,
  progressMs: 10_000,
};

async function missingMigrations({ client }: MigrationSession, folder: string): Promise<Migration[]> {
  await createHistory(client);
  const [migrations, applied] = [await readMigrations(folder), await appliedMigrations(client)];
  for (const { name, checksum } of migrations) {
    if (applied.has(name) && applied.get(name) !== checksum) throw new ChangedMigration(name);
  }
  return migrations.filter(({ name }) => !applied.has(name));
}

async function apply(
  session: MigrationSession,
  migration: Migration,
  settings: Required<MigrateOptions>,
): Promise<void> {
  try {
    switch (migration.kind) {
      case 'transaction':
        return await runInTransaction(session, migration, settings.locks);
      case 'outside':
        return await runOutsideTransaction(session, migration, settings.progressMs);
      case 'batches':
        return await runInBatches(session, migration, settings);
    }
  } catch (cause) {
    throw new MigrationFailed(migration.name, cause);
  }
}

const runInTransaction = (session: MigrationSession, migration: Migration, locks: LockTries): Promise<void> =>
  inTransactionWithLockTries(session, locks, migration.name, async () => {
    await session.client.query(migration.sql);
    await recordApplied(session.client, migration);
  });
