import { Readable } from 'node:stream';
import type { Request, Response } from 'express';
import { onDisconnect } from './on-disconnect.ts';
import { JSON_TYPE, type RouteResponse } from './route.ts';

/** Answers hold what is secret or changes by the second; pages that may be kept say so themselves. */
const ALWAYS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** Writes an answer past Express, whose own `send` would compute types and tags again. A stream that fails ends its answer. */
export function send(
  request: Request,
  response: Response,
  requestId: string,
  answer: RouteResponse<unknown>,
  onStreamFailure: (error: unknown) => void,
): void {
  const { status, headers, content } = answer;
  if (!content) {
    response.writeHead(status, { ...ALWAYS, 'x-request-id': requestId, ...headers }).end();
    return;
  }
  const { type, body } =
    'json' in content ? { type: JSON_TYPE, body: JSON.stringify(content.json) } : content;
  const head: Record<string, string | number> = {
    ...ALWAYS,
    'x-request-id': requestId,
    'content-type': type,
    ...headers,
  };
  if (body instanceof Readable) {
    response.writeHead(status, head);
    sendStream(request, response, body, onStreamFailure);
    return;
  }
  head['content-length'] = Buffer.byteLength(body);
  response.writeHead(status, head).end(body);
}

function sendStream(
  request: Request,
  response: Response,
  stream: Readable,
  onFailure: (error: unknown) => void,
): void {
  // The caller should see that the stream is open before anything happens.
  response.flushHeaders();
  stream.once('error', onFailure);
  stream.on('error', () => response.end());
  stream.on('close', () => response.end());
  onDisconnect(response, () => stream.destroy());
  if (request.method === 'HEAD') stream.destroy();
  else stream.pipe(response);
}
