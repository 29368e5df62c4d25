import { Command } from 'commander';
import { version } from '../config/version.ts';
import { describeStartFailure } from '../service/preflight/describe-start-failure.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { print, readConfigOrExit } from './terminal.ts';
import { TryFailure } from './try/failure.ts';
import { findPosthorn } from './try/find-posthorn.ts';
import { TRIAL_PROFILE_NAMES, tryProfile } from './try/try-profile.ts';

const program = new Command('posthorn')
  .description('Self-hosted webhook delivery on Temporal and Postgres')
  .version(version, '-v, --version', 'prints the version')
  .helpOption('-h, --help', 'prints this')
  .addHelpText('after', '\nEvery setting is a variable of the environment: see docs/operations.md.')
  .showHelpAfterError('(posthorn --help lists the commands)');

// What a command needs is loaded with it: `--version` should not wait for the SDK of Temporal.
program
  .command('start')
  .description(
    'API and worker in one process; Postgres and Temporal are embedded where their variables are unset',
  )
  .action(() =>
    runUntilStopped('start', 'warn', async (starting) =>
      (await import('./start.ts')).startAllInOne(starting),
    ),
  );
program
  .command('api')
  .description('the HTTP API alone, against real servers')
  .action(() => alone('api'));
program
  .command('worker')
  .description('a worker alone, against real servers')
  .action(() => alone('worker'));
program.command('migrate').description('brings the database to the present schema').action(migrateOnce);
program
  .command('try')
  .description('plays a provider against a running Posthorn, and shows what its receivers see')
  .argument('<profile>', TRIAL_PROFILE_NAMES.join(', '))
  .option('--url <url>', 'the API; else where "posthorn start" says it is, else POSTHORN_PUBLIC_URL')
  .option('--admin-key <key>', 'else POSTHORN_ADMIN_KEY, else the one in the data folder')
  .action(tryOnce);

await program.parseAsync();

function alone(role: 'api' | 'worker'): Promise<void> {
  return runUntilStopped(role, 'info', async (starting) =>
    (await import('./serve.ts')).startRole(starting, {
      api: role === 'api',
      worker: role === 'worker',
    }),
  );
}

async function migrateOnce(): Promise<void> {
  const config = readConfigOrExit('migrate');
  try {
    const { runMigrateCommand } = await import('../service/preflight/migrate-database.ts');
    const applied = await runMigrateCommand(config);
    print(applied.length > 0 ? `Applied ${applied.join(', ')}` : 'The schema is up to date');
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`posthorn migrate: ${describeStartFailure(error, config)}\n`);
  }
}

async function tryOnce(profile: string, given: { url?: string; adminKey?: string }): Promise<void> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  const config = readConfigOrExit('try');
  try {
    await tryProfile(profile, findPosthorn(config, given), { print, interrupted: interrupted.signal });
  } catch (error) {
    process.exitCode = 1;
    const words = error instanceof TryFailure ? error.message : describeStartFailure(error, config);
    process.stderr.write(`\nposthorn try: ${words}\n`);
  }
}
