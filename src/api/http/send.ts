import { Readable } from 'node:stream';
import type { Response } from 'express';
import { onDisconnect } from './on-disconnect.ts';
import { JSON_TYPE, type RouteResponse } from './route.ts';

/** Responses contain secrets or change every second; cacheable pages override the header. */
const BASE_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** Writes a response without Express, whose `send` would compute the content type and an ETag again. A failed stream ends its response. */
export function send(
  response: Response,
  requestId: string,
  routeResponse: RouteResponse<unknown>,
  onStreamFailure: (error: unknown) => void,
): void {
  const { status, headers, content } = routeResponse;
  if (!content) {
    response.writeHead(status, { ...BASE_HEADERS, 'x-request-id': requestId, ...headers }).end();
    return;
  }
  const { type, body } =
    'json' in content ? { type: JSON_TYPE, body: JSON.stringify(content.json) } : content;
  const head: Record<string, string | number> = {
    ...BASE_HEADERS,
    'x-request-id': requestId,
    'content-type': type,
    ...headers,
  };
  if (body instanceof Readable) {
    response.writeHead(status, head);
    sendStream(response, body, onStreamFailure);
    return;
  }
  head['content-length'] = Buffer.byteLength(body);
  response.writeHead(status, head).end(body);
}

function sendStream(response: Response, stream: Readable, onFailure: (error: unknown) => void): void {
  // The client should see that the stream is open before the first outcome.
  response.flushHeaders();
  stream.once('error', onFailure);
  stream.on('error', () => response.end());
  stream.on('close', () => response.end());
  onDisconnect(response, () => stream.destroy());
  stream.pipe(response);
}
