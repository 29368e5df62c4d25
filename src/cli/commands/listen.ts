import type { Command } from 'commander';
import { type ClientOptions, clientCommand, runClientCommand } from '../client/client-command.ts';
import { type ListenOptions, listen } from '../client/listen/listen.ts';

export function registerListen(program: Command): void {
  program.addCommand(
    clientCommand('listen', 'make a listener, and forward its requests to a URL on this machine')
      .requiredOption('--forward-to <url>', 'where the requests go, such as http://localhost:3000/webhooks')
      .option('--events <list>', 'only these event types, such as order.*,invoice.paid (default: all)')
      .option('--consumer <id>', 'only events of this consumer')
      .option('--label <name>', 'keep the listener at the end, and go on with it under this name')
      .option('--since <time>', 'also send events accepted since then: a time, or 10m, 24h')
      .action((options: ClientOptions & ListenOptions) =>
        runClientCommand('listen', options, (context) => listen(context, options)),
      ),
  );
}
