import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy to a local port that delays what clients send by `delayMs`. Responses are not delayed. */
export async function delayingProxy(
  target: number,
  delayMs: number,
): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.setNoDelay(true);
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    // Timers of equal duration fire in the order they were set, so bytes stay in order.
    if (delayMs > 0) client.on('data', (data) => setTimeout(() => upstream.write(data), delayMs));
    else client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
