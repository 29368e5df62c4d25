import type { Command } from 'commander';
import { type ClientOptions, clientCommand, runClientCommand } from '../client/client-command.ts';
import { type ResendOptions, resend } from '../client/resend/resend.ts';

export function registerResend(program: Command): void {
  program.addCommand(
    clientCommand('resend', 'send a delivery again, or what failed of an event, or an event to one endpoint')
      .argument('<id>', 'id of a delivery or of an event')
      .option('--endpoint <id>', 'send the event to this endpoint, whatever it subscribes to')
      .option(
        '--wait [time]',
        'wait for the deliveries, 10s by default; exit with 1 unless all are delivered',
      )
      .action((id: string, options: ClientOptions & ResendOptions) =>
        runClientCommand('resend', options, (context) => resend(context, id, options)),
      ),
  );
}
