import type { Readiness } from '../api/ports.ts';
import { type OpsServer, startOpsServer } from '../observability/ops-server.ts';

export type HealthServer = OpsServer;

/**
 * Serves `GET /healthz`, 200 while the process is alive, and `GET /readyz`, 200 while it can do its work and 503 with
 * what is missing while it cannot. Rejects when the port cannot be bound.
 */
export async function serveHealth(
  port: number,
  host: string,
  check: Readiness['check'],
): Promise<HealthServer> {
  const answerTo = async (path: string | undefined): Promise<[number, object]> => {
    if (path === '/healthz') return [200, { ok: true }];
    if (path !== '/readyz') return [404, { ok: false, detail: 'there are /healthz and /readyz' }];
    const found = await check();
    return [found.ready ? 200 : 503, found];
  };
  return startOpsServer(
    (request, response) => {
      void answerTo(request.url?.split('?')[0])
        .catch((): [number, object] => [503, { ready: false }])
        .then(([status, body]) => {
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        });
    },
    port,
    host,
  );
}
