import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type OpsServer = { port: number; close(): Promise<void> };

/** More than health checks and scrapers need, and few of the file descriptors that a process reserves. */
const MAX_CONNECTIONS = 32;
/** A health check or scrape is one request, so a long pipeline on one connection is cut off. */
const REQUESTS_PER_CONNECTION = 100;

/**
 * Starts a server for health checks and scrapers, without authentication. Above 32 connections, each new one closes the
 * oldest. A client that opens thousands therefore neither blocks others nor uses up the file descriptors, which would
 * end the process. Rejects if the port cannot be bound.
 */
export async function startOpsServer(
  listener: RequestListener,
  port: number,
  host: string,
): Promise<OpsServer> {
  const server = createServer(listener);
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
