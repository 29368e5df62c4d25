import type { Connection } from './connections/connection.ts';
import { msUntil } from './connections/dial-limits.ts';
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
   * How far it came: nothing was sent; no byte came that is surely of the answer, and the connection is lost; or
   * neither, and the attempt is over.
   */
  stage: 'unsent' | 'no_response' | 'final';
};

export type ExchangeLimits = ResponseLimits & {
  /** On the clock of performance.now(), in milliseconds: how long the last byte of the answer is waited for. */
  deadlineAt: number;
};

/**
 * One POST over a connection. A status that has arrived decides: whatever happens after it, the answer stands. At the
 * end the connection is either free for the next request or destroyed.
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
  await untilWhatCameIsRead();
  if (connection.unsolicitedBytes) return failed(tooEarly(connection.unsolicitedBytes, limits), 'unsent');
  // Its 'close' may be over: nothing would tell of it any more.
  if (!connection.isOpen()) return failed(lostBy(connection.error), 'unsent');
  // After a stall of this process nobody would wait for the answer.
  if (performance.now() > limits.deadlineAt) return failed(timedOut('response'), 'unsent');
  return ask(connection, head, post.body, limits);
}

/** Bytes that the kernel holds already were sent before this request, and are no answer to it. */
const untilWhatCameIsRead = (): Promise<void> =>
  // The first immediate may follow a poll that is over; between it and the second lies a whole poll.
  new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** Servers of other protocols greet first: that helps more to know than when they spoke. */
function tooEarly(bytes: Buffer, limits: ResponseLimits): Failure {
  const reader = new ResponseReader(limits);
  reader.read(bytes);
  return reader.problem ? invalidResponse(reader.problem, reader.firstBytes) : respondedTooEarly;
}

const failed = (failure: Failure, stage: FailedExchange['stage']): FailedExchange => ({
  kind: 'failed',
  failure,
  stage,
});

const lostBy = (error: Error | undefined): Failure => (error ? failureOf(error, 'response') : connectionLost);

function ask(
  connection: Connection,
  head: string,
  body: Buffer,
  limits: ExchangeLimits,
): Promise<ExchangeResult> {
  const { socket } = connection;
  const reader = new ResponseReader(limits);
  let isWritten = false;

  const isEarly = (): boolean => !isWritten && connection.reused && !refusesTheRest(reader.head);
  const endOf = (failure: Failure, isLost: boolean): ExchangeResult => {
    const answer = reader.response();
    if (!answer) return failed(failure, isLost && reader.receivedBytes === 0 ? 'no_response' : 'final');
    if (!isEarly()) return answer;
    connection.receivedUnsolicited = true;
    return failed(respondedTooEarly, 'no_response');
  };

  return new Promise((resolve) => {
    let ended = false;
    let over: { failure: Failure; isLost: boolean } | undefined;
    const end = (result: ExchangeResult): void => {
      ended = true;
      clearTimeout(timer);
      resolve(result);
    };
    const breakOff = (failure: Failure, isLost: boolean): void => {
      connection.destroy();
      end(endOf(failure, isLost));
    };
    const settle = (): void => {
      if (ended) return;
      const { head, problem, state, hasExtraBytes } = reader;
      if (hasExtraBytes) connection.receivedUnsolicited = true;
      if (problem) breakOff(invalidResponse(problem, reader.firstBytes), false);
      else if (state === 'complete' && isWritten && head!.keepsAlive && !hasExtraBytes && !over) {
        connection.finish(head!.keepAliveMs);
        end(endOf(connectionLost, false));
      } else if (over) breakOff(over.failure, over.isLost);
      else if (state === 'complete' || state === 'cut' || (head && isEarly()))
        breakOff(connectionLost, false);
    };
    // TLS says in the next phase of immediates that all is written: the answer may be here before that.
    const settleOnceWritten = (): unknown => (isWritten ? settle() : setImmediate(settle));
    const isOver = (failure: Failure, isLost: boolean): void => {
      over ??= { failure, isLost };
      settleOnceWritten();
    };

    // After a stall of this process the answer may be waiting to be read: the sockets get their turn first.
    const expire = (): unknown => setImmediate(isOver, timedOut('response'), false);
    const timer = setTimeout(expire, msUntil(limits.deadlineAt));

    connection.begin({
      onData: (chunk) => {
        reader.read(chunk);
        settleOnceWritten();
      },
      onEnd: () => {
        reader.end();
        isOver(connectionLost, true);
      },
      onLost: (error) => isOver(lostBy(error), true),
    });
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body, (error) => {
      isWritten = !error;
    });
    socket.uncork();
  });
}

/**
 * An answer before the request was written whole may be a second one to the request before; on a fresh connection it
 * could not be. It is taken for one to this request if it refuses what is left of it and closes the connection
 * (RFC 9112 section 9.5).
 */
const refusesTheRest = (head: ResponseHead | undefined): boolean =>
  head !== undefined && head.statusCode >= 400 && !head.keepsAlive;
