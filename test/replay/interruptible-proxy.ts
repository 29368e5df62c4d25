import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type InterruptibleProxy = {
  /** The target's URL through the proxy. */
  url: string;
  /** Closes all connections and refuses new ones until `resume`. */
  interrupt(): void;
  /** Accepts data and forwards nothing, like a network that loses packets. */
  stall(): void;
  resume(): void;
  close(): Promise<void>;
};

/** A proxy in front of a shared server, to make it unavailable for one test only. */
export async function startInterruptibleProxy(targetUrl: string): Promise<InterruptibleProxy> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let interrupted = false;
  let stalled = false;
  const server = createServer((socket) => {
    if (interrupted) return socket.destroy();
    if (stalled) return void sockets.add(socket.on('error', () => {}));
    const upstream = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(targetUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.toString(),
    interrupt() {
      interrupted = true;
      drop();
    },
    stall() {
      stalled = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    resume() {
      interrupted = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        drop();
      }),
  };
}
