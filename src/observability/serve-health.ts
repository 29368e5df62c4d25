import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readiness } from './readiness.ts';

export type HealthServer = { port: number; close(): Promise<void> };

/**
 * Serves `GET /healthz`, 200 while the process is alive, and `GET /readyz`, 200 while it can do its work and 503 with
 * what is missing while it cannot. Rejects when the port cannot be bound.
 */
export async function serveHealth(
  port: number,
  host: string,
  check: () => Promise<Readiness>,
): Promise<HealthServer> {
  const answerTo = async (path: string | undefined): Promise<[number, object]> => {
    if (path === '/healthz') return [200, { ok: true }];
    if (path !== '/readyz') return [404, { ok: false, detail: 'there are /healthz and /readyz' }];
    const found = await check();
    return [found.ready ? 200 : 503, found];
  };
  const server = createServer((request, response) => {
    void answerTo(request.url?.split('?')[0])
      .catch((): [number, object] => [503, { ready: false }])
      .then(([status, body]) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
  });
  // A health check is one request; whoever sends more on a connection is not one.
  server.maxRequestsPerSocket = 100;

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
