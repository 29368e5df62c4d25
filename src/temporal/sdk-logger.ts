import type { RuntimeOptions } from '@temporalio/worker';
import type { Logger } from 'pino';

type SdkLogger = NonNullable<RuntimeOptions['logger']>;

/** What the SDK's core is asked to tell: of the workflows that a worker runs, and errors. */
export const SDK_LOG_FILTER = 'error,temporalio_sdk_core::worker::workflow=warn';

/** The core's message for it; it has no id of the workflow. The one that failed is named by the reconciler's log. */
const NO_LONGER_FITS = /nondeterminism/i;
/** The reason in the core's failure: `[TMPRL1100] Nondeterminism error: …`, event types and numbers. */
const REASON = /\[TMPRL1100\][^"\\]*/;
/** After an incompatible deploy thousands may fail together: one line for all of this time. */
const TOGETHER_MS = 10_000;

/**
 * Takes the SDK's own log, of which little is for an operator: connections that are tried again are told of elsewhere,
 * and failures may carry a receiver's words. Workflows that fail because the code of the worker does not fit their
 * history are told of here, at level error.
 */
export function createSdkLogger(log: Logger, togetherMs = TOGETHER_MS): SdkLogger {
  let count = 0;
  let timer: NodeJS.Timeout | null = null;

  function tell(reason: string | undefined): void {
    if (count > 0) {
      log.error(
        { count, reason },
        'workflows do not fit the code of this worker and fail; their deliveries go on in others',
      );
    }
    count = 0;
  }

  function onMessage(message: string, meta?: Record<string | symbol, unknown>): void {
    if (!NO_LONGER_FITS.test(message)) return;
    count += 1;
    if (timer) return;
    const reason = REASON.exec(String(meta?.failure))?.[0];
    tell(reason); // the first at once
    timer = setTimeout(() => {
      timer = null;
      tell(reason);
    }, togetherMs).unref();
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
