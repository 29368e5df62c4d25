import { Runtime } from '@temporalio/worker';
import type { Config } from '../config.ts';
import { temporalMetrics } from '../observability/temporal-metrics.ts';

/** Signals are ours: the SDK's own handler would stop the workers before the API has drained. */
export async function installRuntime({
  metricsPort,
}: Pick<Config, 'metricsPort'>): Promise<{ sdkMetrics?: () => Promise<string> }> {
  const metrics = metricsPort === undefined ? null : await temporalMetrics();
  Runtime.install({
    shutdownSignals: [],
    logger: { trace() {}, debug() {}, info() {}, log() {}, warn() {}, error() {} },
    telemetryOptions: {
      logging: { filter: 'ERROR', forward: {} },
      ...(metrics && { metrics: metrics.exporter }),
    },
  });
  return metrics ? { sdkMetrics: metrics.read } : {};
}
