import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long queued requests may run in one iteration of the event loop before other connections are served. */
const SLICE_MS = 5;
/** One read of 64 KiB can hold 2,000 requests. When many connections pipeline, each keeps only its first requests. */
const MAX_QUEUED = 10_000;
const MIN_QUEUED_PER_CONNECTION = 100;

type Exchange = { request: IncomingMessage; response: ServerResponse };
/** The requests that a connection sent while another is in flight. `isTruncated`: later ones get no response. */
type Pipeline = { waiting: Exchange[]; isTruncated: boolean };

/**
 * Runs the requests of a connection one after the other, and stops reading from it while requests are queued. Node would
 * start them all at once, so that 30,000 requests on one connection would delay every other client for seconds.
 */
export function serializePipelinedRequests(listener: RequestListener): RequestListener {
  const pipelines = new WeakMap<Socket, Pipeline>();
  const hooked = new WeakSet<Socket>();
  const ready: Socket[] = [];
  let queued = 0;
  let sliceEndsAt = 0;

  function begin({ request, response }: Exchange): void {
    const { socket } = request;
    response.once('close', () => onResponseClosed(socket));
    listener(request, response);
  }

  function onResponseClosed(socket: Socket): void {
    const pipeline = pipelines.get(socket)!;
    if (pipeline.waiting.length === 0) {
      pipelines.delete(socket);
      return;
    }
    if (performance.now() < sliceEndsAt) handleNext(socket);
    else if (ready.push(socket) === 1) setImmediate(handleReady);
  }

  /** Runs one queued request per connection, then further ones as they finish, until the slice ends. */
  function handleReady(): void {
    sliceEndsAt = performance.now() + SLICE_MS;
    for (const socket of ready.splice(0)) {
      if (performance.now() > sliceEndsAt) ready.push(socket);
      else handleNext(socket);
    }
    if (ready.length > 0) setImmediate(handleReady);
  }

  function handleNext(socket: Socket): void {
    const pipeline = pipelines.get(socket)!;
    if (socket.destroyed) {
      queued -= pipeline.waiting.length;
      pipelines.delete(socket);
      return;
    }
    const next = pipeline.waiting.shift()!;
    queued -= 1;
    if (pipeline.waiting.length === 0) {
      if (pipeline.isTruncated) next.response.setHeader('connection', 'close');
      else socket.resume(); // its body may still be arriving
    }
    begin(next);
  }

  function enqueue(exchange: Exchange, pipeline: Pipeline): void {
    if (queued >= MAX_QUEUED && pipeline.waiting.length >= MIN_QUEUED_PER_CONNECTION)
      pipeline.isTruncated = true;
    if (pipeline.isTruncated) return;
    queued += 1;
    if (pipeline.waiting.push(exchange) === 1) pause(exchange.request.socket);
  }

  function pause(socket: Socket): void {
    socket.pause();
    if (hooked.has(socket)) return;
    hooked.add(socket);
    // Node resumes the socket after every response.
    socket.on('resume', () => {
      if (pipelines.get(socket)?.waiting.length) socket.pause();
    });
  }

  return (request, response) => {
    const { socket } = request;
    const pipeline = pipelines.get(socket);
    if (pipeline) return enqueue({ request, response }, pipeline);
    pipelines.set(socket, { waiting: [], isTruncated: false });
    begin({ request, response });
  };
}
