import type { SharedServices } from './shared-services.ts';

/** Returns what to call when a signal to a workflow fails. */
export const logSignalFailure =
  ({ log }: SharedServices) =>
  (error: unknown): void =>
    log.warn({ err: error }, 'a signal was not delivered; the reconciler sends it again');
