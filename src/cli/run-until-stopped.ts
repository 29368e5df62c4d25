import { type Command, type Config, maskedSummary } from '../config/config.ts';
import { createLogger, type Logger } from '../observability/log.ts';
import { describeStartFailure } from '../service/preflight/describe-start-failure.ts';
import { type StopRequest, watchStopSignals } from './stop-signals.ts';
import { output, printOrDrop, readConfigOrExit } from './terminal.ts';

export type Closer = () => Promise<void>;

/** What a command gets to start with: it adds to `closers` what it has put up, and gives up when `signal` aborts. */
export type StartContext = { config: Config; log: Logger; closers: Closer[]; signal: AbortSignal };

/** How long a start that was interrupted may take to end what it had under way. */
const GIVE_UP_WITHIN_MS = 10_000;
/** A connection attempt of the Temporal SDK cannot be ended, and would keep the process alive for half a minute. */
const LINGER_MS = 500;

/** Runs until a signal asks to stop, then closes what `start` put up, the last first, and ends the process. */
export async function runUntilStopped(
  command: Command,
  level: string,
  start: (starting: StartContext) => Promise<void>,
): Promise<void> {
  const stop = watchStopSignals();
  // Held open by this timer: everything else may be waiting for a server that is away.
  const awake = setInterval(() => {}, 60_000);
  const config = readConfigOrExit(command);
  const log = createLogger({ level: config.logLevel ?? level, name: `posthorn-${command}` }, output);
  log.info({ config: maskedSummary(config) }, 'configuration');
  const closers: Closer[] = [];

  const failed = await startOrGiveUp(start({ config, log, closers, signal: stop.signal }), stop);
  if (failed && stop.signal.aborted) {
    process.exitCode = stop.exitCode();
    if (command === 'start') printOrDrop('\nStopped before the start was over.');
  } else if (failed) {
    process.exitCode = 1;
    log.debug({ err: failed.error }, 'could not start');
    process.stderr.write(`posthorn could not start: ${describeStartFailure(failed.error, config)}\n`);
  } else {
    await stop.requested;
    if (command === 'start')
      printOrDrop('\nStopping: what is under way is finished first (Ctrl-C again: at once) …');
    log.info('stopping');
  }
  for (const close of closers.reverse()) {
    await close().catch((error: unknown) => log.error({ err: error }, 'stopping failed'));
  }
  clearInterval(awake);
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

/** Undefined when the start succeeded. One that was interrupted is given some time to undo what it had begun. */
async function startOrGiveUp(
  starting: Promise<void>,
  stop: StopRequest,
): Promise<{ error: unknown } | undefined> {
  const settled = starting.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const tooLate = stop.requested.then(
    () =>
      new Promise<{ error: unknown }>((resolve) =>
        setTimeout(() => resolve({ error: stop.signal.reason }), GIVE_UP_WITHIN_MS).unref(),
      ),
  );
  return Promise.race([settled, tooLate]);
}
