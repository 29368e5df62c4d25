import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Config } from '../config/config.ts';
import type { Logger } from '../observability/log.ts';
import { createTemporalMetrics } from '../observability/temporal-metrics.ts';
import { createSdkLogger, SDK_LOG_FILTER } from '../temporal/sdk-logger.ts';

/** Without signal handlers of the SDK, which would stop the workers before the API has shut down. */
export async function installTemporalRuntime(
  { metricsPort }: Pick<Config, 'metricsPort'>,
  log: Logger,
): Promise<{ sdkMetrics?: () => Promise<string> }> {
  const metrics = metricsPort === undefined ? null : await createTemporalMetrics();
  Runtime.install({
    shutdownSignals: [],
    logger: createSdkLogger(log),
    telemetryOptions: {
      logging: { filter: SDK_LOG_FILTER, forward: {} },
      ...(metrics && { metrics: metrics.exporter }),
    },
  });
  return metrics ? { sdkMetrics: metrics.read } : {};
}

/** For a command that reports failures itself: the SDK logs nothing. */
export function installQuietRuntime(): void {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('ERROR', () => {}),
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  });
}
