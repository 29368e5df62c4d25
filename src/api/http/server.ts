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
import { serializePipelinedRequests } from './pipelined-requests.ts';

export type HttpServer = {
  server: Server;
  /** Resolves with the port that is listened on; rejects when it is taken. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no more requests, aborts `closing`, and waits for those in flight, at most `graceMs`. */
  close(graceMs?: number): Promise<void>;
};

/** What a process without a plan of its file descriptors may have: half of the 2,048 that few systems go below. */
const MAX_CONNECTIONS = 1_000;

/**
 * `closing` is the signal that the API was made with: streams end and waiting requests answer when it aborts.
 * Beyond `maxConnections` a new connection takes the place of one that is idle, those without a key first.
 */
export function createHttpServer(
  app: RequestListener,
  closing: AbortController,
  publicUrl: string,
  { maxConnections = MAX_CONNECTIONS }: { maxConnections?: number } = {},
): HttpServer {
  const server = createServer({
    // Node's 300 s would let slow senders hold sockets for minutes.
    requestTimeout: 30_000,
    headersTimeout: 15_000,
    // How often the two are looked at; Node's 30 s would double them.
    connectionsCheckingInterval: 5_000,
    // Above the 60 s of usual load balancers: who closes first loses a request.
    keepAliveTimeout: 65_000,
    maxHeaderSize: 16 * 1024,
  });
  // A caller that does not read its answer would keep it, and its socket, for good. `wait` takes up to 60 s in silence.
  server.setTimeout(90_000);
  limitConnections(server, maxConnections);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    answerUnreadable(error.code, socket, publicUrl),
  );
  server.on('request', trackResponse);
  const underWay = answersUnderWay(server);
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
      await Promise.race([underWay.end(), after(graceMs)]);
      // Node does not count a connection as idle that has not sent its first request yet.
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The answers that are not finished yet. `end` resolves when there are none, and asks for no more on their sockets. */
function answersUnderWay(server: Server): { end(): Promise<void> } {
  const answers = new Set<ServerResponse>();
  let onEmpty: (() => void) | undefined;
  server.on('request', (_request, response) => {
    answers.add(response);
    if (onEmpty) closeAfter(response);
    response.once('close', () => {
      answers.delete(response);
      if (answers.size === 0) onEmpty?.();
    });
  });
  return {
    end: () =>
      new Promise((resolve) => {
        onEmpty = resolve;
        for (const response of answers) closeAfter(response);
        if (answers.size === 0) resolve();
      }),
  };
}

/** Without it a busy caller would send its next request on the same connection, without end. */
function closeAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}

const after = (ms: number): Promise<void> => sleep(ms, undefined, { ref: false });

/** Node would answer a bare status line; callers are promised problem+json. */
function answerUnreadable(errorCode: string | undefined, socket: Socket, publicUrl: string): void {
  if (!socket.writable || errorCode === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const problem = new Problem(UNREADABLE[errorCode ?? ''] ?? 'invalid_request');
  const body = problemJson(problem, localClockId('req'), publicUrl);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n` +
      'content-type: application/problem+json; charset=utf-8\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** Node's code of a request that it could not read, to ours. */
const UNREADABLE: Record<string, ProblemCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};
