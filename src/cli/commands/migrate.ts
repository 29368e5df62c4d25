import type { Command } from 'commander';
import { describeStartFailure } from '../../service/preflight/describe-start-failure.ts';
import { print, readConfigOrExit } from '../terminal.ts';

export function registerMigrate(program: Command): void {
  program.command('migrate').description('migrate the database to the current schema').action(runMigrate);
}

async function runMigrate(): Promise<void> {
  const config = readConfigOrExit('migrate');
  try {
    const { runMigrateCommand } = await import('../../service/preflight/migrate-database.ts');
    const applied = await runMigrateCommand(config);
    print(applied.length > 0 ? `Applied ${applied.join(', ')}` : 'The schema is up to date');
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`posthorn migrate: ${describeStartFailure(error, config)}\n`);
  }
}
