import type { Command } from 'commander';
import { runUntilStopped } from '../run-until-stopped.ts';
import { TAKE_OVER } from './migrate.ts';

export function registerStart(program: Command): void {
  program
    .command('start')
    .description(
      'run API and worker in one process, with an embedded Postgres and Temporal unless configured',
    )
    .option('--take-over', TAKE_OVER)
    .action(({ takeOver = false }: { takeOver?: boolean }) =>
      runUntilStopped('start', 'warn', async (context) => {
        // Loaded here, like the body of every command: the Temporal SDK would slow down --version and --help.
        const { startAllInOne } = await import('../start-all-in-one.ts');
        await startAllInOne(context, takeOver ? 'always' : 'if_free');
      }),
    );
}
