import { Command } from 'commander';
import { version } from '../config/version.ts';
import { withUsageExit } from './client/client-command.ts';
import { registerDashboard } from './commands/dashboard.ts';
import { registerDeployment } from './commands/deployment.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerEvents } from './commands/events.ts';
import { registerListen } from './commands/listen.ts';
import { registerMigrate } from './commands/migrate.ts';
import { registerRecover } from './commands/recover.ts';
import { registerResend } from './commands/resend.ts';
import { registerApi, registerWorker } from './commands/roles.ts';
import { registerStart } from './commands/start.ts';
import { registerTrigger } from './commands/trigger.ts';
import { registerTry } from './commands/try.ts';

// The commands inherit the exit code of wrong usage.
const program = withUsageExit(new Command('posthorn'))
  .description('Self-hosted webhook delivery on Temporal and Postgres')
  .version(version, '-v, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .helpCommand('help [command]', 'print the help of a command')
  .addHelpText('after', '\nEvery setting is an environment variable: see docs/configuration.md.')
  .showHelpAfterError('(posthorn --help lists the commands)');

const commands = [
  registerStart,
  registerApi,
  registerWorker,
  registerMigrate,
  registerDeployment,
  registerDoctor,
  registerDashboard,
  registerListen,
  registerTrigger,
  registerEvents,
  registerResend,
  registerRecover,
  registerTry,
];
for (const register of commands) register(program);

await program.parseAsync();
