import type { Socket } from 'node:net';
import type { Connection } from './connections/connection.ts';
import { msUntil } from './deadline.ts';
import {
  connectionLost,
  type Failure,
  failureOf,
  invalidResponse,
  isUnsendable,
  respondedTooEarly,
  timedOut,
  unsendable,
} from './failure.ts';
import { formatRequestHead, type PostRequest } from './http/request-head.ts';
import type { ResponseHead } from './http/response-head.ts';
import { type ReceiverResponse, type ResponseLimits, ResponseReader } from './http/response-reader.ts';

export type ExchangeResult = ReceiverResponse | FailedExchange;

export type FailedExchange = {
  kind: 'failed';
  failure: Failure;
  /**
   * - `unsent`: nothing was sent.
   * - `no_response`: no byte that surely belongs to a response arrived, and the connection is lost.
   * - `final`: anything else; the request must not be sent again.
   */
  stage: 'unsent' | 'no_response' | 'final';
};

export type ExchangeLimits = ResponseLimits & {
  /** When to stop waiting for the last byte of the response, in milliseconds on the clock of performance.now(). */
  deadlineAt: number;
};

/**
 * Sends one POST over a connection. Once a status code has arrived, the result is a response, whatever happens
 * afterwards. When this resolves, the connection is either ready for the next request or destroyed.
 */
export async function exchange(
  connection: Connection,
  post: PostRequest,
  limits: ExchangeLimits,
): Promise<ExchangeResult> {
  let head: string;
  try {
    head = formatRequestHead(post);
  } catch (error) {
    if (!isUnsendable(error)) throw error;
    return failed(unsendable, 'final');
  }
  await drainReceivedBytes();
  if (connection.unsolicitedBytes) return failed(earlyFailure(connection.unsolicitedBytes, limits), 'unsent');
  // The socket may have emitted 'close' already: no event would end this exchange.
  if (!connection.isOpen()) return failed(lossFailure(connection.error), 'unsent');
  // This process may have stalled past the deadline.
  if (performance.now() > limits.deadlineAt) return failed(timedOut('response'), 'unsent');
  return sendAndRead(connection, head, post.body, limits);
}

let nextDrain: Promise<void> | undefined;

/**
 * Reads bytes that the kernel already holds. They arrived before this request, so they are not a response to it. Requests
 * that begin in the same iteration of the event loop share the wait.
 */
function drainReceivedBytes(): Promise<void> {
  nextDrain ??= new Promise((resolve) =>
    // The first immediate may run without a poll before it; a complete poll lies between the first and the second.
    setImmediate(() => {
      nextDrain = undefined;
      setImmediate(resolve);
    }),
  );
  return nextDrain;
}

/**
 * Servers of other protocols send first: naming the protocol helps a customer more than reporting an early response.
 */
function earlyFailure(bytes: Buffer, limits: ResponseLimits): Failure {
  const reader = new ResponseReader(limits);
  reader.read(bytes);
  return reader.problem ? invalidResponse(reader.problem, reader.firstBytes) : respondedTooEarly;
}

const failed = (failure: Failure, stage: FailedExchange['stage']): FailedExchange => ({
  kind: 'failed',
  failure,
  stage,
});

const lossFailure = (error: Error | undefined): Failure =>
  error ? failureOf(error, 'response') : connectionLost;

function sendAndRead(
  connection: Connection,
  head: string,
  body: Buffer,
  limits: ExchangeLimits,
): Promise<ExchangeResult> {
  const { socket } = connection;
  const reader = new ResponseReader(limits);
  let isWritten = false;

  const isEarly = (): boolean => !isWritten && connection.reused && !rejectsRequestBody(reader.head);
  const resultOf = (failure: Failure, isLost: boolean): ExchangeResult => {
    const response = reader.response();
    if (!response) return failed(failure, isLost && reader.receivedBytes === 0 ? 'no_response' : 'final');
    if (!isEarly()) return response;
    connection.receivedUnsolicited = true;
    return failed(respondedTooEarly, 'no_response');
  };

  return new Promise((resolve) => {
    let ended = false;
    let pending: { failure: Failure; isLost: boolean } | undefined;
    const end = (result: ExchangeResult): void => {
      ended = true;
      clearTimeout(timer);
      resolve(result);
    };
    const abort = (failure: Failure, isLost: boolean): void => {
      connection.destroy();
      end(resultOf(failure, isLost));
    };
    const settle = (): void => {
      if (ended) return;
      const { head, problem, state, hasExtraBytes } = reader;
      if (hasExtraBytes) connection.receivedUnsolicited = true;
      if (problem) abort(invalidResponse(problem, reader.firstBytes), false);
      else if (state === 'complete' && isWritten && head!.keepsAlive && !hasExtraBytes && !pending) {
        connection.finish(head!.keepAliveMs);
        end(resultOf(connectionLost, false));
      } else if (pending) abort(pending.failure, pending.isLost);
      else if (state === 'complete' || state === 'truncated' || (head && isEarly()))
        abort(connectionLost, false);
    };
    // TLS reports a finished write only in the next phase of immediates; the response may arrive before that.
    const settleOnceWritten = (): unknown => (isWritten ? settle() : setImmediate(settle));
    const finishWith = (failure: Failure, isLost: boolean): void => {
      pending ??= { failure, isLost };
      settleOnceWritten();
    };

    // If this process stalled, the response may be waiting to be read: sockets are polled before the immediate runs.
    const expire = (): unknown => setImmediate(finishWith, timedOut('response'), false);
    const timer = setTimeout(expire, msUntil(limits.deadlineAt));

    connection.begin({
      onData: (chunk) => {
        reader.read(chunk);
        settleOnceWritten();
      },
      onEnd: () => {
        reader.end();
        finishWith(connectionLost, true);
      },
      onLost: (error) => finishWith(lossFailure(error), true),
    });
    writeRequest(socket, head, body, (error) => {
      isWritten = !error;
    });
  });
}

/** Up to this size, copying a body costs less than writing head and body as two chunks. */
const MAX_COPIED_BYTES = 16_384;

/** Head and body go to the socket in one write: in two, they could become two packets. */
function writeRequest(
  socket: Socket,
  head: string,
  body: Buffer,
  onWritten: (error?: Error | null) => void,
): void {
  if (body.length <= MAX_COPIED_BYTES) {
    const request = Buffer.allocUnsafe(head.length + body.length);
    request.write(head, 0, 'latin1');
    body.copy(request, head.length);
    socket.write(request, onWritten);
    return;
  }
  socket.cork();
  socket.write(head, 'latin1');
  socket.write(body, onWritten);
  socket.uncork();
}

/**
 * On a reused connection, a response that arrives before the whole request was written may be a second response to the
 * previous request. It belongs to this request if it rejects the rest of the body and closes the connection (RFC 9112
 * section 9.5).
 */
const rejectsRequestBody = (head: ResponseHead | undefined): boolean =>
  head !== undefined && head.statusCode >= 400 && !head.keepsAlive;
