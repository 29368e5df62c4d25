import { Command } from 'commander';
import {
  type ClientOptions,
  clientCommand,
  runClientCommand,
  withUsageExit,
} from '../client/client-command.ts';
import { type ListOptions, listEvents } from '../client/events/list-events.ts';
import { showEvent } from '../client/events/show-event.ts';
import { type TailOptions, tailOutcomes } from '../client/events/tail-outcomes.ts';

export function registerEvents(program: Command): void {
  program.addCommand(
    withUsageExit(new Command('events'))
      .description('list events, show one with every attempt, or follow outcomes')
      .showHelpAfterError('(--help lists the commands)')
      .addCommand(listCommand())
      .addCommand(showCommand())
      .addCommand(tailCommand()),
  );
}

const listCommand = (): Command =>
  clientCommand('list', 'list events, the newest first')
    .option('--type <type>', 'only events of this type')
    .option(
      '--status <list>',
      'only pending (which includes retrying), delivered, undeliverable, cancelled, unrouted',
    )
    .option('--consumer <id>', 'only events of this consumer')
    .option('--endpoint <id>', 'only events with a delivery to this endpoint')
    .option('--since <time>', 'only events since then: a time, or 10m, 24h, 7d')
    .option('--until <time>', 'only events before then')
    .option('--contains <text>', 'only events whose body contains this text; needs --since')
    .option('--limit <count>', 'how many events; 25 if it is left out')
    .option('--cursor <cursor>', 'go on where a list ended')
    .action((options: ClientOptions & ListOptions) =>
      runClientCommand('events list', options, (context) => listEvents(context, options)),
    );

const showCommand = (): Command =>
  clientCommand('show', 'show an event: its deliveries, their attempts, its body')
    .argument('<id>', 'id of an event, or of one of its deliveries')
    .action((id: string, options: ClientOptions) =>
      runClientCommand('events show', options, (context) => showEvent(context, id)),
    );

const tailCommand = (): Command =>
  clientCommand('tail', 'follow outcomes until Ctrl-C; a lost connection leaves no gap')
    .option('--type <type>', 'only of events of this type; looks up each event')
    .option('--status <list>', 'only with these statuses, such as delivered,undeliverable')
    .option('--consumer <list>', 'only of these consumers')
    .option('--endpoint <list>', 'only of these endpoints')
    .option('--from <cursor>', 'go on where a tail ended, instead of now')
    .action((options: ClientOptions & TailOptions) =>
      runClientCommand('events tail', options, (context) => tailOutcomes(context, options)),
    );
