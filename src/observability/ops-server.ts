import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type OpsServer = { port: number; close(): Promise<void> };

/** Far more than health checks and scrapers need, and few of the file descriptors that a process keeps back. */
const CONNECTIONS = 32;
/** A check or a scrape is one request: many that are sent ahead on one connection are no such thing. */
const REQUESTS_PER_CONNECTION = 100;

/**
 * Serves what an operator's programs ask of a process, without a key. A connection too many closes the oldest: who opens
 * thousands keeps nobody out, and does not fill the table of file descriptors, with which the process would end. Rejects
 * when the port cannot be bound.
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
    if (open.size <= CONNECTIONS) return;
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
