import { Runtime } from '@temporalio/worker';

let installed = false;

/** Silences the Temporal SDK's core, and leaves signals to jest. Once in each process. */
export function quietRuntime(): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    shutdownSignals: [],
    logger: { trace() {}, debug() {}, info() {}, log() {}, warn() {}, error() {} },
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  });
}
