import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type OpsServer = { port: number; close(): Promise<void> };
export type OpsResponse = { status: number; contentType?: string; body?: string };

/** More than health checks and scrapers need, and few of the file descriptors that a process reserves. */
const MAX_CONNECTIONS = 32;
/** A health check or scrape is one request, so a long pipeline on one connection is cut off. */
const REQUESTS_PER_CONNECTION = 100;

/**
 * Starts a server for health checks and scrapers, without authentication. Above 32 connections, each new one closes the
 * oldest. A client that opens thousands therefore neither blocks others nor uses up the file descriptors, which would
 * end the process. A rejected response becomes 500. Rejects if the port cannot be bound.
 */
export async function startOpsServer(
  respond: (method: string | undefined, path: string | undefined) => Promise<OpsResponse>,
  port: number,
  host: string,
): Promise<OpsServer> {
  const server = createServer((request, response) => {
    void respond(request.method, request.url?.split('?')[0])
      .catch((): OpsResponse => ({ status: 500 }))
      .then(({ status, contentType, body }) =>
        response.writeHead(status, contentType ? { 'content-type': contentType } : {}).end(body),
      );
  });
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION;
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    if (open.size <= MAX_CONNECTIONS) return;
    const [oldest] = open;
    open.delete(oldest!);
    oldest!.destroy();
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
