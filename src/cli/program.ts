import { Command } from 'commander';
import { version } from '../config/version.ts';
import { registerMigrate } from './commands/migrate.ts';
import { registerApi, registerWorker } from './commands/roles.ts';
import { registerStart } from './commands/start.ts';
import { registerTry } from './commands/try.ts';

const program = new Command('posthorn')
  .description('Self-hosted webhook delivery on Temporal and Postgres')
  .version(version, '-v, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .helpCommand('help [command]', 'print the help of a command')
  .addHelpText('after', '\nEvery setting is an environment variable: see docs/configuration.md.')
  .showHelpAfterError('(posthorn --help lists the commands)');

for (const register of [registerStart, registerApi, registerWorker, registerMigrate, registerTry])
  register(program);

await program.parseAsync();
