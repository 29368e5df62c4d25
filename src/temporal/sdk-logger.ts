import type { RuntimeOptions } from '@temporalio/worker';
import type { Logger } from 'pino';

type SdkLogger = NonNullable<RuntimeOptions['logger']>;

/** The log filter of the SDK's core: all errors, and warnings about workflows. */
export const SDK_LOG_FILTER = 'error,temporalio_sdk_core::worker::workflow=warn';

/** The core's message for nondeterminism. It contains no workflow id; the reconciler logs the workflow that failed. */
const NONDETERMINISM = /nondeterminism/i;
/** The reason in the core's failure: `[TMPRL1100] Nondeterminism error: …` with event types and ids, and no payload. */
const REASON = /\[TMPRL1100\][^"\\]*/;
/** After an incompatible deploy thousands of workflows may fail at once: they share one log line per 10 s. */
const SUMMARY_WINDOW_MS = 10_000;

/**
 * Returns a logger for the SDK that passes on a single kind of message, at level error: workflows that fail because
 * their history does not match the workflow code of this worker. Everything else is dropped: connection failures are
 * logged elsewhere, and failure messages may contain text from receivers.
 */
export function createSdkLogger(log: Logger, summaryWindowMs = SUMMARY_WINDOW_MS): SdkLogger {
  let count = 0;
  let timer: NodeJS.Timeout | null = null;

  function logSummary(reason: string | undefined): void {
    if (count > 0) {
      log.error(
        { count, reason },
        'workflows failed because their history does not match the workflow code of this worker; new workflows continue their deliveries',
      );
    }
    count = 0;
  }

  function onMessage(message: string, meta?: Record<string | symbol, unknown>): void {
    if (!NONDETERMINISM.test(message)) return;
    count += 1;
    if (timer) return;
    const reason = REASON.exec(String(meta?.failure))?.[0];
    logSummary(reason); // the first one is logged immediately
    timer = setTimeout(() => {
      timer = null;
      logSummary(reason);
    }, summaryWindowMs).unref();
  }

  const ignore = (): void => {};
  return {
    log: (level, message, meta) => {
      if (level === 'WARN' || level === 'ERROR') onMessage(message, meta);
    },
    warn: onMessage,
    error: onMessage,
    info: ignore,
    debug: ignore,
    trace: ignore,
  };
}
