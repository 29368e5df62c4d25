import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import type { PrometheusMetricsExporter } from '@temporalio/worker';

export type TemporalMetrics = {
  /** For `Runtime.install({ telemetryOptions: { metrics } })`, which throws if the port has been taken meanwhile. */
  exporter: PrometheusMetricsExporter;
  /** The SDK's metrics in Prometheus text format. Rejects if the exporter does not respond within 2 s. */
  read(): Promise<string>;
};

async function freeLoopbackPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Chooses a free port for the SDK's exporter, because the SDK does not report a port that it has chosen itself. */
export async function createTemporalMetrics(): Promise<TemporalMetrics> {
  const address = `127.0.0.1:${await freeLoopbackPort()}`;
  return {
    exporter: {
      prometheus: {
        bindAddress: address,
        countersTotalSuffix: true,
        unitSuffix: true,
        useSecondsForDurations: true,
      },
    },
    read: async () => {
      const response = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(2_000) });
      return response.text();
    },
  };
}
