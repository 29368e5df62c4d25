import { Runtime } from '@temporalio/worker';
import type { Config } from '../config/config.ts';
import type { Logger } from '../observability/log.ts';
import { temporalMetrics } from '../observability/temporal-metrics.ts';
import { createSdkLog, SDK_LOG_FILTER } from '../temporal/sdk-log.ts';

/** Signals are ours: the SDK's own handler would stop the workers before the API has drained. */
export async function installRuntime(
  { metricsPort }: Pick<Config, 'metricsPort'>,
  log: Logger,
): Promise<{ sdkMetrics?: () => Promise<string> }> {
  const metrics = metricsPort === undefined ? null : await temporalMetrics();
  Runtime.install({
    shutdownSignals: [],
    logger: createSdkLog(log),
    telemetryOptions: {
      logging: { filter: SDK_LOG_FILTER, forward: {} },
      ...(metrics && { metrics: metrics.exporter }),
    },
  });
  return metrics ? { sdkMetrics: metrics.read } : {};
}
