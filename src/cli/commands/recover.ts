import type { Command } from 'commander';
import { type ClientOptions, clientCommand, runClientCommand } from '../client/client-command.ts';
import { type RecoverOptions, recover } from '../client/recover/recover.ts';

export function registerRecover(program: Command): void {
  program.addCommand(
    clientCommand('recover', 'count what an endpoint did not get, ask, and send it')
      .requiredOption('--endpoint <id>', 'the endpoint')
      .requiredOption('--since <time>', 'what was accepted since then: a time, or 10m, 24h, 7d')
      .option('--until <time>', 'and before then')
      .option('--type <type>', 'only events of this type')
      .option('--missing', 'events without a delivery to the endpoint, instead of failed deliveries')
      .option('--rate <count>', 'deliveries a second; 50 if it is left out')
      .option('--yes', 'do not ask')
      .action((options: ClientOptions & RecoverOptions) =>
        runClientCommand('recover', options, (context) => recover(context, options)),
      ),
  );
}
