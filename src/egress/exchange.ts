import type { Connection } from './connections/connection.ts';
import { msUntil } from './connections/dial-limits.ts';
import {
  answeredTooEarly,
  connectionLost,
  type Failure,
  failureOf,
  invalidResponse,
  isUnsendable,
  timedOut,
  unsendable,
} from './failure.ts';
import { type Post, requestHead } from './http/request-head.ts';
import type { AnswerHead } from './http/response-head.ts';
import { type Answer, AnswerReader, type ReaderLimits } from './http/response-reader.ts';

export type ExchangeEnd = Answer | FailedExchange;

export type FailedExchange = {
  kind: 'failed';
  failure: Failure;
  /**
   * How far it came: nothing was sent; no byte came that is surely of the answer, and the connection is lost; or
   * neither, and the attempt is over.
   */
  stage: 'unsent' | 'unanswered' | 'over';
};

export type ExchangeLimits = ReaderLimits & {
  /** On the clock of performance.now(), in milliseconds: how long the last byte of the answer is waited for. */
  deadlineAt: number;
};

/**
 * One POST over a connection. A status that has arrived decides: whatever happens after it, the answer stands. At the
 * end the connection is either free for the next request or destroyed.
 */
export async function exchange(
  connection: Connection,
  post: Post,
  limits: ExchangeLimits,
): Promise<ExchangeEnd> {
  let head: string;
  try {
    head = requestHead(post);
  } catch (error) {
    if (!isUnsendable(error)) throw error;
    return failed(unsendable, 'over');
  }
  await untilWhatCameIsRead();
  if (connection.unasked) return failed(tooEarly(connection.unasked, limits), 'unsent');
  // Its 'close' may be over: nothing would tell of it any more.
  if (!connection.isOpen()) return failed(lostBy(connection.error), 'unsent');
  // After a stall of this process nobody would wait for the answer.
  if (performance.now() > limits.deadlineAt) return failed(timedOut('answer'), 'unsent');
  return ask(connection, head, post.body, limits);
}

/** Bytes that the kernel holds already were sent before this request, and are no answer to it. */
const untilWhatCameIsRead = (): Promise<void> =>
  // The first immediate may follow a poll that is over; between it and the second lies a whole poll.
  new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** Servers of other protocols greet first: that helps more to know than when they spoke. */
function tooEarly(bytes: Buffer, limits: ReaderLimits): Failure {
  const reader = new AnswerReader(limits);
  reader.read(bytes);
  return reader.problem ? invalidResponse(reader.problem, reader.start) : answeredTooEarly;
}

const failed = (failure: Failure, stage: FailedExchange['stage']): FailedExchange => ({
  kind: 'failed',
  failure,
  stage,
});

const lostBy = (error: Error | undefined): Failure => (error ? failureOf(error, 'answer') : connectionLost);

function ask(
  connection: Connection,
  head: string,
  body: Buffer,
  limits: ExchangeLimits,
): Promise<ExchangeEnd> {
  const { socket } = connection;
  const reader = new AnswerReader(limits);
  let isWritten = false;

  const isEarly = (): boolean => !isWritten && connection.reused && !refusesTheRest(reader.head);
  const endOf = (failure: Failure, isLost: boolean): ExchangeEnd => {
    const answer = reader.answer();
    if (!answer) return failed(failure, isLost && reader.received === 0 ? 'unanswered' : 'over');
    if (!isEarly()) return answer;
    connection.spokeOutOfTurn = true;
    return failed(answeredTooEarly, 'unanswered');
  };

  return new Promise((resolve) => {
    let ended = false;
    let over: { failure: Failure; isLost: boolean } | undefined;
    const end = (result: ExchangeEnd): void => {
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
      const { head, problem, state, hasSurplus } = reader;
      if (hasSurplus) connection.spokeOutOfTurn = true;
      if (problem) breakOff(invalidResponse(problem, reader.start), false);
      else if (state === 'complete' && isWritten && head!.keepsAlive && !hasSurplus && !over) {
        connection.finish(head!.restAllowedMs);
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
    const expire = (): unknown => setImmediate(isOver, timedOut('answer'), false);
    const timer = setTimeout(expire, msUntil(limits.deadlineAt));

    connection.begin({
      data: (chunk) => {
        reader.read(chunk);
        settleOnceWritten();
      },
      ended: () => {
        reader.end();
        isOver(connectionLost, true);
      },
      lost: (error) => isOver(lostBy(error), true),
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
const refusesTheRest = (head: AnswerHead | undefined): boolean =>
  head !== undefined && head.statusCode >= 400 && !head.keepsAlive;
