import type { Outcome } from '../../../../sdk/typescript/src/outcome-stream.ts';
import type { ClientContext, ExitCode } from '../client-command.ts';
import { CommandFailure } from '../connection.ts';
import type { Line } from '../output/lines.ts';
import { formatTime } from '../output/times.ts';
import { statusSpan } from './statuses.ts';
import { watchStream } from './stream-connection.ts';
import { createTypeLookup } from './type-lookup.ts';

export type TailOptions = {
  type?: string;
  status?: string;
  consumer?: string;
  endpoint?: string;
  from?: string;
};

/** Prints outcomes as they happen, until Ctrl-C, and at the end the cursor after the last one. */
export async function tailOutcomes(
  { client, connect, output, interrupted }: ClientContext,
  options: TailOptions,
): Promise<ExitCode> {
  const unreachable = new AbortController();
  const streaming = connect(watchStream(output.note, (error) => unreachable.abort(error)));
  const typeOf = createTypeLookup(client);
  const statuses = statusesOf(options.status);
  let cursor = options.from;
  output.status([{ text: 'waiting for outcomes, Ctrl-C ends …', tone: 'dim' }]);
  try {
    const outcomes = streaming.outcomes.stream({
      signal: AbortSignal.any([interrupted, unreachable.signal]),
      onCursor: (id) => {
        cursor = id;
      },
      ...(options.from !== undefined && { lastEventId: options.from }),
      ...(options.consumer !== undefined && { consumer: options.consumer.split(',') }),
      ...(options.endpoint !== undefined && { endpoint: options.endpoint.split(',') }),
    });
    for await (const outcome of outcomes) {
      const wanted =
        (statuses?.includes(outcome.status) ?? true) &&
        (options.type === undefined || (await typeOf(outcome.event)) === options.type);
      if (wanted) await output.show(outcome, () => [lineOf(outcome)]);
      cursor = outcome.id;
    }
  } finally {
    const last = cursor;
    if (last !== undefined)
      await output.show({ cursor: last }, () => [[{ text: `go on: --from ${last}`, tone: 'dim' }]]);
  }
  if (unreachable.signal.aborted) throw unreachable.signal.reason;
  return 0;
}

/** Of events and of deliveries. */
const STATUSES = ['pending', 'retrying', 'held', 'delivered', 'undeliverable', 'cancelled', 'unrouted'];

/** The API does not select by status, so it would not refuse a wrong one: nothing would ever be printed. */
function statusesOf(list: string | undefined): string[] | undefined {
  const statuses = list?.split(',');
  const wrong = statuses?.find((status) => !STATUSES.includes(status));
  if (wrong === undefined) return statuses;
  throw new CommandFailure(2, `--status "${wrong}" is none of ${STATUSES.join(', ')}.`);
}

/** Wide enough for every kind, and for the ids that Posthorn makes: the width of later lines is not known. */
const KIND_WIDTH = 22;
const ID_WIDTH = 30;

function lineOf(outcome: Outcome): Line {
  const { kind, at, status, event, endpoint = '', attempt, nextAttemptAt, reason } = outcome;
  const details = [
    outcome.outcome,
    attempt === undefined ? undefined : `attempt ${attempt}`,
    nextAttemptAt === undefined ? undefined : `next at ${formatTime(nextAttemptAt)}`,
    reason,
  ];
  return [
    `${formatTime(at)}  `,
    statusSpan(kind === 'attempt.failed' ? 'failed' : status, kind.padEnd(KIND_WIDTH)),
    `  ${event.padEnd(ID_WIDTH)}  ${endpoint.padEnd(ID_WIDTH)}  `,
    details.filter((detail) => detail !== undefined).join(', '),
  ];
}
