import type { Readable } from 'node:stream';
import type { Request, Response } from 'express';
import type { Authentication } from '../auth/authentication.ts';
import { Problem } from '../problems/problem.ts';
import { onDisconnect } from './on-disconnect.ts';
import { EVENT_STREAM, type RouteResponse } from './route.ts';

/** The header Last-Event-ID; null without it. Throws invalid_request if it does not look like an id of the stream. */
export function lastEventId(request: Request, pattern: RegExp): string | null {
  const id = request.headers['last-event-id'];
  if (id === undefined || id === '') return null;
  if (typeof id !== 'string' || !pattern.test(id)) {
    throw new Problem('invalid_request', 'The header Last-Event-ID is not an id from this stream.');
  }
  return id;
}

/** Throws `unavailable` while the process stops: a new stream would delay it until the grace period for requests is over. */
export function refuseWhileStopping(closing: AbortSignal): void {
  if (closing.aborted) throw new Problem('unavailable', undefined, { headers: { 'retry-after': '1' } });
}

/** Responds with a stream of server-sent events, which ends when its key is deleted or the process stops. */
export function eventStreamResponse(
  stream: Readable,
  { request, response }: { request: Request; response: Response },
  authentication: Authentication,
  closing: AbortSignal,
): RouteResponse {
  endWith(stream, response, closing, (end) => authentication.watchKey(request, end));
  return {
    status: 200,
    // Proxies such as nginx would buffer the events otherwise.
    headers: { 'x-accel-buffering': 'no' },
    content: { type: `${EVENT_STREAM}; charset=utf-8`, body: stream },
  };
}

/** Ends the response when its key is deleted or the process stops. The stream is destroyed with the response. */
function endWith(
  stream: Readable,
  response: Response,
  closing: AbortSignal,
  watchKey: (onDeleted: () => void) => () => void,
): void {
  const end = (): void => {
    stream.unpipe();
    response.end();
  };
  const unwatch = watchKey(end);
  closing.addEventListener('abort', end, { once: true });
  onDisconnect(response, () => {
    unwatch();
    closing.removeEventListener('abort', end);
  });
}
