import {
  createServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { localClockId } from '../../store/postgres/ids.ts';
import { Problem, problemJson } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-codes.ts';
import { limitConnections, trackResponse } from './connection-budget.ts';
import { frameworkMessages } from './framework-messages.ts';
import { serializePipelinedRequests } from './pipelined-requests.ts';

export type HttpServer = {
  server: Server;
  /** Resolves with the port; rejects when the port is in use. */
  listen(host: string, port: number): Promise<number>;
  /** Stops accepting requests, aborts `closing`, and waits up to `graceMs` (default 10 s) for the requests in flight. */
  close(graceMs?: number): Promise<void>;
};

/** The default for a process that has not counted its file descriptors: about half of 2,048, a common limit. */
const MAX_CONNECTIONS = 1_000;

/**
 * Creates the server. `closing` controls the shutdown signal of the API: when it aborts, streams end and waiting
 * requests respond. Beyond `maxConnections`, a new connection replaces an idle one, those without a key first.
 */
export function createHttpServer(
  app: RequestListener,
  closing: AbortController,
  publicUrl: string,
  { maxConnections = MAX_CONNECTIONS }: { maxConnections?: number } = {},
): HttpServer {
  const server = createServer({
    ...frameworkMessages(app),
    // Node's default of 300 s would let slow senders occupy sockets for minutes.
    requestTimeout: 30_000,
    headersTimeout: 15_000,
    // Both limits are checked at this interval; Node's default of 30 s would double them.
    connectionsCheckingInterval: 5_000,
    // Longer than the usual 60 s of load balancers: if the server closed first, a request could be lost.
    keepAliveTimeout: 65_000,
    maxHeaderSize: 16 * 1024,
  });
  // Otherwise a client that does not read its response would occupy the socket forever. `wait` is silent for up to 60 s.
  server.setTimeout(90_000);
  limitConnections(server, maxConnections);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    respondUnreadable(error.code, socket, publicUrl),
  );
  server.on('request', trackResponse);
  const inFlight = trackInFlightResponses(server);
  server.on('request', serializePipelinedRequests(app));
  return {
    server,
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          const address = server.address();
          resolve(typeof address === 'object' && address ? address.port : port);
        });
      }),
    close: async (graceMs = 10_000) => {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.race([inFlight.drain(), after(graceMs)]);
      // Node does not count a connection as idle before its first request.
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Tracks unfinished responses. `drain` resolves when there are none, and asks clients to close their connections. */
function trackInFlightResponses(server: Server): { drain(): Promise<void> } {
  const inFlight = new Set<ServerResponse>();
  let onEmpty: (() => void) | undefined;
  server.on('request', (_request, response) => {
    inFlight.add(response);
    if (onEmpty) closeAfter(response);
    response.once('close', () => {
      inFlight.delete(response);
      if (inFlight.size === 0) onEmpty?.();
    });
  });
  return {
    drain: () =>
      new Promise((resolve) => {
        onEmpty = resolve;
        for (const response of inFlight) closeAfter(response);
        if (inFlight.size === 0) resolve();
      }),
  };
}

/** Without it, a busy client would keep sending requests on the same connection. */
function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}

const after = (ms: number): Promise<void> => sleep(ms, undefined, { ref: false });

/** Node would respond with a bare status line, but clients expect application/problem+json. */
function respondUnreadable(errorCode: string | undefined, socket: Socket, publicUrl: string): void {
  if (!socket.writable || errorCode === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const problem = new Problem(UNREADABLE_CODES[errorCode ?? ''] ?? 'invalid_request');
  const body = problemJson(problem, localClockId('req'), publicUrl);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n` +
      'content-type: application/problem+json; charset=utf-8\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** Problem codes for Node's errors about unreadable requests. */
const UNREADABLE_CODES: Record<string, ProblemCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};
