import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** What the proxy does with a CONNECT: opens a tunnel, responds with a status, or sends nothing. */
export type ProxyStep =
  | 'tunnel'
  | 'silent'
  | 'hang up'
  | 'garbage'
  | { status: number; headers?: Record<string, string> };

export type ConnectRequest = { authority: string; authorization: string | undefined };

export type ConnectProxy = {
  port: number;
  /** Every CONNECT so far. */
  connects: ConnectRequest[];
  /** Decides about a CONNECT from its authority. Tests replace it. */
  answer: (authority: string) => ProxyStep;
  /** Ends every tunnel. */
  dropTunnels(): void;
  close(): Promise<void>;
};

/**
 * An HTTP proxy that opens tunnels. Whatever address a tunnel is requested for, it leads to the same port on this host, so
 * a test can use addresses that are public for the guard.
 */
export async function startConnectProxy(
  options: { tls?: { key: string; cert: string }; leadsTo?: (port: number) => number } = {},
): Promise<ConnectProxy> {
  const { leadsTo = (port) => port } = options;
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const server = options.tls ? createTlsServer(options.tls) : createServer();
  server.on('connection', track);
  server.on('connect', (request, client: Socket) => {
    track(client);
    const authority = request.url!;
    proxy.connects.push({ authority, authorization: request.headers['proxy-authorization'] });
    const step = proxy.answer(authority);
    if (step === 'silent') return;
    if (step === 'hang up') return void client.destroy();
    if (step === 'garbage') return void client.end('SSH-2.0-OpenSSH_9.2\r\n');
    if (step !== 'tunnel') {
      const headers = Object.entries(step.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
      return void client.end(
        `HTTP/1.1 ${step.status} Answer\r\n${headers.join('')}content-length: 2\r\n\r\nno`,
      );
    }
    const port = leadsTo(Number(/:(\d+)$/.exec(authority)![1]));
    const receiver = connect({ host: '127.0.0.1', port }, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(receiver).pipe(client);
    });
    track(receiver);
    receiver.on('close', () => client.destroy());
    client.on('close', () => receiver.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: ConnectProxy = {
    port: (server.address() as AddressInfo).port,
    connects: [],
    answer: () => 'tunnel',
    dropTunnels: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return proxy;
}
