import { setTimeout as sleep } from 'node:timers/promises';
import type { NewRecovery, Recovery } from '../../../../sdk/typescript/src/models.ts';
import type { ClientContext, ExitCode } from '../client-command.ts';
import { CommandFailure } from '../connection.ts';
import { found } from '../found.ts';
import { timeOf } from '../time-options.ts';
import { ask } from './ask.ts';
import { describePreview, progressLine } from './progress.ts';

export type RecoverOptions = {
  endpoint: string;
  since: string;
  until?: string;
  type?: string;
  missing?: true;
  rate?: string;
  yes?: true;
};

/** Counts what failed or is missing, asks, and sends it. Returns 1 unless all of it is delivered. */
export async function recover(context: ClientContext, options: RecoverOptions): Promise<ExitCode> {
  const { client, output, interrupted } = context;
  const recovery = recoveryOf(options);
  await found(client, `endpoint ${options.endpoint}`, () => client.endpoints.get(options.endpoint));
  const preview = await client.recoveries.preview(recovery);
  const noun = options.missing ? 'event' : 'delivery';
  // A count that was cut short may have found nothing yet.
  const isNothing = preview.matches === 0 && !preview.capped;
  await output.show(preview, () => (isNothing ? [] : [[describePreview(preview, noun, recovery.rate)]]));
  if (isNothing) {
    output.note('There is nothing to send.');
    return 0;
  }
  if (!options.yes) {
    if (output.kind === 'json' || !process.stdin.isTTY) {
      output.note('Nothing is sent without --yes.');
      return 2;
    }
    if (!(await ask('Send them?', interrupted))) return 0;
  }
  return await follow(context, await client.recoveries.start(recovery));
}

function recoveryOf({ endpoint, since, until, type, missing, rate }: RecoverOptions): NewRecovery {
  if (rate !== undefined && !/^[1-9]\d{0,5}$/.test(rate))
    throw new CommandFailure(2, `--rate ${rate} is not a number of deliveries a second.`);
  return {
    what: missing ? 'missing' : 'failed',
    endpoint,
    since: timeOf('--since', since),
    ...(until !== undefined && { until: timeOf('--until', until) }),
    ...(type !== undefined && { type }),
    ...(rate !== undefined && { rate: Number(rate) }),
  };
}

const POLL_MS = 1_000;
/** How long the last deliveries may take. Later retries belong to their policy. */
const LAST_DELIVERIES_MS = 60_000;

/** Shows the progress until everything is sent, and a short while longer until it is delivered. */
async function follow({ client, output, interrupted }: ClientContext, started: Recovery): Promise<ExitCode> {
  let recovery = started;
  let sentAt: number | undefined;
  let lastShown = '';
  interrupted.addEventListener('abort', () => output.note(`${started.id} goes on without this command.`));
  for (;;) {
    const isFinal = recovery.status === 'done' || recovery.status === 'cancelled';
    if (isFinal) sentAt ??= performance.now();
    const isOver =
      sentAt !== undefined && (recovery.open === 0 || performance.now() - sentAt > LAST_DELIVERIES_MS);
    if (isOver) break;
    output.status(progressLine(recovery));
    const line = JSON.stringify(recovery);
    if (output.kind === 'json' && line !== lastShown) await output.show(recovery, () => []);
    lastShown = line;
    await sleep(POLL_MS, undefined, { signal: interrupted });
    recovery = await client.recoveries.get(recovery.id);
  }
  const shown = recovery;
  await output.show(shown, () => [[...progressLine(shown), `   ${shown.id}`]]);
  return shown.status === 'done' && shown.delivered === shown.done ? 0 : 1;
}
