import type { Command, Config } from '../config/config.ts';
import { maskedSummary } from '../config/masked-summary.ts';
import { createLogger, type Logger } from '../observability/log.ts';
import { describeStartFailure } from '../service/preflight/describe-start-failure.ts';
import { type StopRequest, watchStopSignals } from './stop-signals.ts';
import { printOrDrop, readConfigOrExit, stdout } from './terminal.ts';

export type Closer = () => Promise<void>;

/** What a command starts with. It adds to `closers` what it has started, and stops starting when `signal` aborts. */
export type StartContext = { config: Config; log: Logger; closers: Closer[]; signal: AbortSignal };

/** An interrupted start has this long to undo what it has begun. */
const ABORT_TIMEOUT_MS = 10_000;
/** A connection attempt of the Temporal SDK cannot be cancelled, and would keep the process alive for 30 s. */
const EXIT_DELAY_MS = 500;

/** Runs until a signal requests a stop, then closes what `start` has started, last first, and ends the process. */
export async function runUntilStopped(
  command: Command,
  level: string,
  start: (context: StartContext) => Promise<void>,
): Promise<void> {
  const stop = watchStopSignals();
  // Keeps the process alive: while a server is down, nothing else may be pending in the event loop.
  const keepAliveTimer = setInterval(() => {}, 60_000);
  const config = readConfigOrExit(command);
  const log = createLogger({ level: config.logLevel ?? level, name: `posthorn-${command}` }, stdout);
  log.info({ config: maskedSummary(config) }, 'configuration');
  const closers: Closer[] = [];

  const failed = await startOrAbort(start({ config, log, closers, signal: stop.signal }), stop);
  if (failed && stop.signal.aborted) {
    process.exitCode = stop.exitCode();
    if (command === 'start') printOrDrop('\nStopped before Posthorn was ready.');
  } else if (failed) {
    process.exitCode = 1;
    log.debug({ err: failed.error }, 'could not start');
    process.stderr.write(`posthorn could not start: ${describeStartFailure(failed.error, config)}\n`);
  } else {
    await stop.requested;
    if (command === 'start')
      printOrDrop('\nStopping: finishing what is in flight (press Ctrl-C again to stop at once) …');
    log.info('stopping');
  }
  for (const close of closers.reverse()) {
    await close().catch((error: unknown) => log.error({ err: error }, 'a part could not be stopped'));
  }
  clearInterval(keepAliveTimer);
  setTimeout(() => process.exit(), EXIT_DELAY_MS).unref();
}

/** Undefined if the start succeeded. An interrupted start is given ABORT_TIMEOUT_MS to reject by itself. */
async function startOrAbort(
  started: Promise<void>,
  stop: StopRequest,
): Promise<{ error: unknown } | undefined> {
  const settled = started.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const abortTimeout = stop.requested.then(
    () =>
      new Promise<{ error: unknown }>((resolve) =>
        setTimeout(() => resolve({ error: stop.signal.reason }), ABORT_TIMEOUT_MS).unref(),
      ),
  );
  return Promise.race([settled, abortTimeout]);
}
