import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long waiting requests may be answered in one turn of the event loop; other connections are served after that. */
const TURN_MS = 5;
/** One read of 64 KiB holds up to 2,000 requests; where many connections send so, each keeps only its first ones. */
const QUEUED_IN_ALL = 10_000;
const QUEUED_AT_LEAST = 100;

type Exchange = { request: IncomingMessage; response: ServerResponse };
/** What a connection has sent ahead while an answer is under way. `cut`: the rest of it is not answered. */
type Pipeline = { waiting: Exchange[]; cut: boolean };

/**
 * Answers the requests of a connection one after the other, and reads no more of it while some wait. Node would begin
 * them all at once: thirty thousand requests in one connection then hold up every other caller for seconds.
 */
export function serializePipelinedRequests(listener: RequestListener): RequestListener {
  const pipelines = new WeakMap<Socket, Pipeline>();
  const watched = new WeakSet<Socket>();
  const ready: Socket[] = [];
  let queued = 0;
  let turnEndsAt = 0;

  function begin({ request, response }: Exchange): void {
    const { socket } = request;
    response.once('close', () => endOf(socket));
    listener(request, response);
  }

  function endOf(socket: Socket): void {
    const pipeline = pipelines.get(socket)!;
    if (pipeline.waiting.length === 0) {
      pipelines.delete(socket);
      return;
    }
    if (performance.now() < turnEndsAt) answerNext(socket);
    else if (ready.push(socket) === 1) setImmediate(answerReady);
  }

  /** Requests that were sent ahead: as many as fit in the turn, of each connection one, and then what is left of it. */
  function answerReady(): void {
    turnEndsAt = performance.now() + TURN_MS;
    for (const socket of ready.splice(0)) {
      if (performance.now() > turnEndsAt) ready.push(socket);
      else answerNext(socket);
    }
    if (ready.length > 0) setImmediate(answerReady);
  }

  function answerNext(socket: Socket): void {
    const pipeline = pipelines.get(socket)!;
    if (socket.destroyed) {
      queued -= pipeline.waiting.length;
      pipelines.delete(socket);
      return;
    }
    const next = pipeline.waiting.shift()!;
    queued -= 1;
    if (pipeline.waiting.length === 0) {
      if (pipeline.cut) next.response.setHeader('connection', 'close');
      else socket.resume(); // the body of this one may still be on its way
    }
    begin(next);
  }

  function enqueue(exchange: Exchange, pipeline: Pipeline): void {
    if (queued >= QUEUED_IN_ALL && pipeline.waiting.length >= QUEUED_AT_LEAST) pipeline.cut = true;
    if (pipeline.cut) return;
    queued += 1;
    if (pipeline.waiting.push(exchange) === 1) pause(exchange.request.socket);
  }

  function pause(socket: Socket): void {
    socket.pause();
    if (watched.has(socket)) return;
    watched.add(socket);
    // Node reads on with each answer that ends.
    socket.on('resume', () => {
      if (pipelines.get(socket)?.waiting.length) socket.pause();
    });
  }

  return (request, response) => {
    const { socket } = request;
    const pipeline = pipelines.get(socket);
    if (pipeline) return enqueue({ request, response }, pipeline);
    pipelines.set(socket, { waiting: [], cut: false });
    begin({ request, response });
  };
}
