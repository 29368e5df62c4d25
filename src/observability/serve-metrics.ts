import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export type MetricsServer = { port: number; close(): Promise<void> };

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
  const page = async (): Promise<string> => {
    const [own, more] = await Promise.all([
      registry.metrics(),
      extra().catch(() => '# the metrics of the Temporal SDK are not available\n'),
    ]);
    return own + more;
  };

  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    page().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
