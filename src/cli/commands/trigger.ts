import type { Command } from 'commander';
import { type ClientOptions, clientCommand, runClientCommand } from '../client/client-command.ts';
import { type TriggerOptions, triggerEvent } from '../client/trigger/trigger-event.ts';

export function registerTrigger(program: Command): void {
  program.addCommand(
    clientCommand('trigger', 'post one event: the example of its type, or your data')
      .argument('<type>', 'event type')
      .option('--data <source>', 'data instead of the example: a file, JSON, or - for stdin')
      .option('--set <path=value>', 'change a part of the data; may be repeated', collect)
      .option('--attribute <name=value>', 'an attribute of the event; may be repeated', collect)
      .option('--consumer <id>', 'deliver only to the endpoints of this consumer')
      .option('--id <id>', 'id of the event; the same id again posts nothing')
      .option('--endpoint <id>', 'send it to this endpoint only, as a test, whatever it subscribes to')
      .option(
        '--wait [time]',
        'wait for the deliveries, 10s by default; exit with 1 unless all are delivered',
      )
      .action((type: string, options: ClientOptions & TriggerOptions) =>
        runClientCommand('trigger', options, (context) => triggerEvent(context, type, options)),
      ),
  );
}

const collect = (value: string, previous: string[] = []): string[] => [...previous, value];
