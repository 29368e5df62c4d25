import type { Registry } from 'prom-client';
import { type OpsServer, startOpsServer } from './ops-server.ts';

export type MetricsServer = OpsServer;

/**
 * Serves `GET /metrics`: what the registry has, then what `extra` gives in the same text format. When `extra`
 * fails its part is missing and a comment says so. Rejects when the port cannot be bound.
 */
export async function serveMetrics(
  port: number,
  host: string,
  registry: Registry,
  extra: () => Promise<string> = async () => '',
): Promise<MetricsServer> {
  let beingMade: Promise<string> | undefined;

  const make = async (): Promise<string> => {
    const [own, more] = await Promise.all([
      registry.metrics(),
      extra().catch(() => '# the metrics of the Temporal SDK are not available\n'),
    ]);
    return own + more;
  };

  /** One for all who ask while it is made: it takes milliseconds of the main thread. */
  const page = (): Promise<string> => {
    beingMade ??= make().finally(() => {
      beingMade = undefined;
    });
    return beingMade;
  };

  return startOpsServer(
    (request, response) => {
      if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      page().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    },
    port,
    host,
  );
}
