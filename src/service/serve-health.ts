import type { Readiness } from '../api/ports.ts';
import { type OpsResponse, type OpsServer, startOpsServer } from '../observability/ops-server.ts';

export type HealthServer = OpsServer;

/**
 * Serves `GET /healthz`, which responds 200 while the process is alive, and `GET /readyz`, which responds 200 while the
 * process can do its work, and otherwise 503 with what is missing. Rejects if the port cannot be bound.
 */
export const serveHealth = (port: number, host: string, check: Readiness['check']): Promise<HealthServer> =>
  startOpsServer(
    async (_method, path) => {
      if (path === '/healthz') return json(200, { ok: true });
      if (path !== '/readyz') return json(404, { ok: false, detail: 'the paths are /healthz and /readyz' });
      const report = await check().catch(() => ({ ready: false }));
      return json(report.ready ? 200 : 503, report);
    },
    port,
    host,
  );

const json = (status: number, body: object): OpsResponse => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify(body),
});
