import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../store/ids.ts';
import { Problem, problemText } from './problem.ts';
import type { ProblemCode } from './problem-codes.ts';

export type HttpServer = {
  server: Server;
  /** Resolves with the port that is listened on; rejects when it is taken. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no more requests, aborts `closing`, and waits for those in flight, at most `graceMs`. */
  close(graceMs?: number): Promise<void>;
};

/** `closing` is the signal that the API was made with: streams end and waiting requests answer when it aborts. */
export function createHttpServer(
  app: RequestListener,
  closing: AbortController,
  publicUrl: string,
): HttpServer {
  const server = createServer(
    {
      // Node's 300 s would let slow senders hold sockets for minutes.
      requestTimeout: 30_000,
      headersTimeout: 15_000,
      // Above the 60 s of usual load balancers: who closes first loses a request.
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16 * 1024,
    },
    app,
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    answerUnreadable(error.code, socket, publicUrl),
  );
  const idle = untilIdle(server);
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
      await Promise.race([idle(), after(graceMs)]);
      // Node does not count a connection as idle that has not sent its first request yet.
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Waits for the answers that are under way; cheaper than asking every socket what it does. */
function untilIdle(server: Server): () => Promise<void> {
  let underWay = 0;
  let onIdle = (): void => {};
  server.on('request', (_request, response) => {
    underWay++;
    response.once('close', () => {
      underWay--;
      if (underWay === 0) onIdle();
    });
  });
  return () =>
    new Promise((resolve) => {
      onIdle = resolve;
      if (underWay === 0) resolve();
    });
}

const after = (ms: number): Promise<void> => sleep(ms, undefined, { ref: false });

/** Node would answer a bare status line; callers are promised problem+json. */
function answerUnreadable(errorCode: string | undefined, socket: Socket, publicUrl: string): void {
  if (!socket.writable || errorCode === 'ECONNRESET') return void socket.destroy();
  const code: ProblemCode = errorCode === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'invalid_request';
  const problem = new Problem(
    code,
    code === 'invalid_request' ? 'The request is not HTTP, or came too slowly.' : undefined,
  );
  const body = problemText(problem, newId('req'), publicUrl);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n` +
      'content-type: application/problem+json; charset=utf-8\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
