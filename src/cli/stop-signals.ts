const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The terminal, npm and the launcher may each pass on the same Ctrl-C; within this time it counts once. */
const SAME_SIGNAL_MS = 1_000;

export type StopRequest = {
  /** Aborts at the first signal that requests a stop. */
  signal: AbortSignal;
  /** Resolves when `signal` aborts. */
  requested: Promise<void>;
  /** 128 plus the number of the signal, as shells report it; 0 before any signal. */
  exitCode(): number;
};

/** Handles stop signals from now on. A second Ctrl-C, at least a second later, ends the process at once. */
export function watchStopSignals(): StopRequest {
  const controller = new AbortController();
  const { promise: requested, resolve } = Promise.withResolvers<void>();
  let exitCode = 0;
  let firstAt = 0;
  for (const name of STOP_SIGNALS) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        // The embedded servers stop by themselves when this process ends.
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

/** A stop was requested during the start. */
class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}
