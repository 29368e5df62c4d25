import type { Command } from 'commander';
import { describeStartFailure } from '../../service/preflight/describe-start-failure.ts';
import { print, readConfigOrExit } from '../terminal.ts';

export function registerMigrate(program: Command): void {
  program
    .command('migrate')
    .description('migrate the database to the current schema')
    .option('--take-over', TAKE_OVER)
    .action(runMigrate);
}

/** Describes the option of `migrate` and `start`. */
export const TAKE_OVER =
  'let this database have the Temporal task queue of another one, whose processes are stopped; after a restore';

async function runMigrate({ takeOver = false }: { takeOver?: boolean }): Promise<void> {
  const config = readConfigOrExit('migrate');
  try {
    const { runMigrateCommand } = await import('../../service/preflight/migrate-database.ts');
    const applied = await runMigrateCommand(config, print);
    print(applied.length > 0 ? `Applied ${applied.join(', ')}` : 'The schema is up to date');
    if (!takeOver) return;
    const { takeOverTaskQueue } = await import('../../service/preflight/take-over.ts');
    await takeOverTaskQueue(config);
    print(`This database has the task queue ${config.temporal.taskQueue}`);
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`posthorn migrate: ${describeStartFailure(error, config)}\n`);
  }
}
