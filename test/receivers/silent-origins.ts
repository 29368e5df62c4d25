import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Receivers that accept connections and never respond, each with its own origin. */
export type SilentOrigins = {
  url(n: number): string;
  /** Number of open connections. */
  connections(): number;
  /** Closes all connections and the server. */
  close(): void;
};

/** Every address in 127.0.0.0/8 is this host, so one port gives thousands of origins. */
export async function startSilentOrigins(): Promise<SilentOrigins> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (n) => `http://127.${1 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}:${port}/`,
    connections: () => sockets.size,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
