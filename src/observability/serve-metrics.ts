import type { Registry } from 'prom-client';
import { type OpsServer, startOpsServer } from './ops-server.ts';

export type MetricsServer = OpsServer;

/**
 * Serves `GET /metrics`: the metrics of the registry, then the Prometheus text that `extra` returns. If `extra` rejects,
 * a comment takes its place. Rejects if the port cannot be bound.
 */
export function serveMetrics(
  port: number,
  host: string,
  registry: Registry,
  extra: () => Promise<string> = async () => '',
): Promise<MetricsServer> {
  let inFlight: Promise<string> | undefined;

  const render = async (): Promise<string> => {
    const [own, more] = await Promise.all([
      registry.metrics(),
      extra().catch(() => '# the metrics of the Temporal SDK are not available\n'),
    ]);
    return own + more;
  };

  /** Concurrent requests share one page, because rendering occupies the main thread for milliseconds. */
  const page = (): Promise<string> => {
    inFlight ??= render().finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  };

  return startOpsServer(
    async (method, path) => {
      if (method !== 'GET' || path !== '/metrics') return { status: 404 };
      return { status: 200, contentType: registry.contentType, body: await page() };
    },
    port,
    host,
  );
}
