const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A terminal, npm and the launcher may each pass on one and the same Ctrl-C. */
const SAME_SIGNAL_MS = 1_000;

export type StopRequest = {
  /** Aborts with the first signal that asks to stop. */
  signal: AbortSignal;
  /** Resolves at the same moment. */
  requested: Promise<void>;
  /** 128 and the number of the signal, as a shell says it; 0 before one came. */
  exitCode(): number;
};

/** From here on a signal asks to stop; a second Ctrl-C, later, ends the process at once. */
export function watchStopSignals(): StopRequest {
  const controller = new AbortController();
  const { promise: requested, resolve } = Promise.withResolvers<void>();
  let exitCode = 0;
  let firstAt = 0;
  for (const name of STOP_SIGNALS) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        // The embedded servers see our end and follow by themselves.
        if (name === 'SIGINT' && performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(130);
        return;
      }
      firstAt = performance.now();
      exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[name];
      controller.abort(new Interrupted());
      resolve();
    });
  }
  return { signal: controller.signal, requested, exitCode: () => exitCode };
}

/** Someone asked to stop before the start was over. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}
