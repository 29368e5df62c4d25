import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket, TlsOptions } from 'node:tls';

export type ReceivedRequest = {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Alternating names and values, in the order and case in which they arrived. */
  rawHeaders: string[];
  /** The exact bytes of the body, which a signature must match. */
  body: Buffer;
  /** The common name of the client certificate; undefined without one. */
  client: string | undefined;
  /** When the last byte arrived, in epoch milliseconds. */
  receivedAt: number;
};

/** A status to respond with, or a function that writes the response. */
export type ScriptStep =
  | number
  | ((request: ReceivedRequest, response: ServerResponse) => void | Promise<void>);

export type Receiver = {
  url: string;
  port: number;
  requests: ReceivedRequest[];
  /** Connections accepted so far. */
  connections(): number;
  /** Resolves when `count` requests have arrived; rejects after `timeoutMs`. */
  untilReceived(count: number, timeoutMs?: number): Promise<void>;
  /** Drops every connection that is open now, as a restart would. */
  dropConnections(): void;
  close(): Promise<void>;
};

export type ReceiverOptions = {
  host?: string;
  /** A free port by default. */
  port?: number;
  tls?: { key: string; cert: string } & Pick<TlsOptions, 'ca' | 'requestCert' | 'maxVersion'>;
  /** How long an idle connection is kept, in milliseconds; 5,000 by default, as in Node.js. */
  keepAliveMs?: number;
};

/** A receiver that responds to its nth request with the nth step of the script, and to later ones with the last step. */
export async function startReceiver(
  script: ScriptStep[] = [200],
  options: ReceiverOptions = {},
): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();
  let accepted = 0;

  const server = options.tls ? createTlsServer(options.tls) : createServer();
  if (options.keepAliveMs !== undefined) server.keepAliveTimeout = options.keepAliveMs;
  server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    accepted++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('request', (message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const request: ReceivedRequest = {
        method: message.method!,
        path: message.url!,
        headers: message.headers,
        rawHeaders: message.rawHeaders,
        body: Buffer.concat(chunks),
        client: clientOf(message.socket),
        receivedAt: Date.now(),
      };
      const step = script[Math.min(requests.length, script.length - 1)] ?? 200;
      requests.push(request);
      for (const check of waiting) check();
      if (typeof step === 'number') response.writeHead(step).end();
      else void step(request, response);
    });
  });

  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `${options.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}/`,
    port,
    requests,
    connections: () => accepted,
    untilReceived: (count, timeoutMs = 60_000) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`${requests.length} of ${count} requests arrived within ${timeoutMs} ms`));
        }, timeoutMs);
        const check = () => {
          if (requests.length < count) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    dropConnections: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function clientOf(socket: Socket): string | undefined {
  if (!('getPeerCertificate' in socket)) return undefined;
  // An empty object without a certificate.
  const { subject } = (socket as TLSSocket).getPeerCertificate() ?? {};
  return subject === undefined ? undefined : [subject.CN].flat().join();
}
