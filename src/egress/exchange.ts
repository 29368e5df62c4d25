import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as startRequest,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Connection } from './connection.ts';
import {
  connectionLost,
  type Failure,
  failureOf,
  invalidResponse,
  isUnsendable,
  timedOut,
  unsendable,
} from './failure.ts';

/** Headers are names and values in turn: their order and case reach the wire as they are here. */
export type Post = { path: string; headers: string[]; body: Buffer };

export type Answer = {
  kind: 'answered';
  statusCode: number;
  headers: Record<string, string | string[]>;
  body: Buffer;
  /** True when the body was longer than what was kept, or did not come to its end. */
  truncated: boolean;
};

export type ExchangeEnd = Answer | { kind: 'failed'; failure: Failure };

export type ExchangeLimits = {
  /** On the clock of performance.now(), in milliseconds: how long the last byte of the answer is waited for. */
  deadlineAt: number;
  /** Bytes of the body that are read and kept; a longer one is cut off, and its connection closed. */
  maxBodyBytes: number;
  maxHeaderBytes: number;
};

type OnSocket = RequestOptions & { socket: Socket };

/** Puts a request on the socket that it names: which one that is, the pools decide. */
class NamedSocketAgent extends Agent {
  addRequest(request: ClientRequest, { socket }: OnSocket): void {
    request.onSocket(socket);
  }
}
const agent = new NamedSocketAgent({ keepAlive: true });

/**
 * One POST over a connection. A status that has arrived decides: whatever happens to the body after it, the answer
 * stands. At the end the connection is either free for the next request or destroyed.
 */
export function exchange(connection: Connection, post: Post, limits: ExchangeLimits): Promise<ExchangeEnd> {
  const { socket } = connection;
  // Its 'close' may be over, and node:http would wait for it until the deadline.
  if (socket.destroyed) return Promise.resolve({ kind: 'failed', failure: connectionLost });
  const options: OnSocket = {
    agent,
    socket,
    method: 'POST',
    path: post.path,
    headers: post.headers,
    maxHeaderSize: limits.maxHeaderBytes,
  };
  let request: ClientRequest;
  try {
    request = startRequest(options);
  } catch (error) {
    if (!isUnsendable(error)) throw error;
    return Promise.resolve({ kind: 'failed', failure: unsendable });
  }

  return new Promise((resolve) => {
    let response: IncomingMessage | undefined;
    const body: KeptBody = { chunks: [], room: limits.maxBodyBytes, overflowed: false };

    let ended = false;
    const end = (failure: Failure): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      resolve(response ? answerOf(response, body) : { kind: 'failed', failure });
    };
    const breakOff = (failure: Failure): void => {
      if (ended) return;
      end(failure);
      socket.destroy();
    };

    // After a stall of this process the answer may be waiting to be read: the sockets get their turn first.
    const expire = (): unknown => setImmediate(() => breakOff(timedOut('answer')));
    const timer = setTimeout(expire, limits.deadlineAt - performance.now());

    request.on('response', (incoming) => {
      if (incoming.statusCode! < 100) return breakOff(invalidResponse('INVALID_STATUS'));
      response = incoming;
      connection.answerBegan(restAllowedBy(incoming));
      incoming.on('data', (chunk: Buffer) => {
        keep(body, chunk);
        if (body.overflowed) breakOff(connectionLost);
      });
      incoming.on('end', () => {
        // The connection is free only when the request, too, has been written to its end; 'close' says so.
        if (!incoming.complete || !request.shouldKeepAlive || !request.writableFinished)
          breakOff(connectionLost);
      });
      incoming.on('error', () => breakOff(connectionLost));
    });
    request.on('upgrade', (incoming) => {
      response = incoming;
      breakOff(connectionLost);
    });
    request.on('error', (error) => breakOff(failureOf(error, 'answer')));
    request.on('close', () => end(connectionLost));
    request.end(post.body);
  });
}

type KeptBody = { chunks: Buffer[]; room: number; overflowed: boolean };

function keep(body: KeptBody, chunk: Buffer): void {
  if (chunk.length > body.room) body.overflowed = true;
  body.chunks.push(chunk.subarray(0, body.room));
  body.room -= Math.min(chunk.length, body.room);
}

const answerOf = (response: IncomingMessage, body: KeptBody): Answer => ({
  kind: 'answered',
  statusCode: response.statusCode!,
  // Node's type has undefined values for headers that a program asks for by name; none is stored so.
  headers: response.headers as Record<string, string | string[]>,
  body: Buffer.concat(body.chunks),
  truncated: body.overflowed || !response.complete,
});

/** Milliseconds for which the receiver keeps the connection if it says so (Keep-Alive: timeout=5), less one second. */
function restAllowedBy({ headers }: IncomingMessage): number {
  const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(String(headers['keep-alive'] ?? ''))?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Number(seconds) - 1) * 1_000;
}
