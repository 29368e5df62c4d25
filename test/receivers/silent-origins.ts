import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Receivers that take connections and never answer, each an origin of its own. */
export type SilentOrigins = {
  url(n: number): string;
  /** Connections that are open now. */
  connections(): number;
  /** Ends them, and takes no more. */
  close(): void;
};

/** Every address of 127.0.0.0/8 is this machine: one port makes thousands of origins. */
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
