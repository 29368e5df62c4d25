import type { Readable } from 'node:stream';
import type { Request, Response } from 'express';
import { orUnavailable } from '../store/outages.ts';
import type { Authentication } from './authentication.ts';
import type { ApiDependencies } from './dependencies.ts';
import { Problem } from './problem.ts';
import { type Route, tenantRoute } from './route.ts';

/** With the half second for which a key is remembered, a deleted key's stream ends within 1 s. */
const KEY_CHECK_MS = 300;

export function outcomeRoutes(
  { streams, closing }: ApiDependencies,
  authentication: Authentication,
): Route[] {
  return [
    tenantRoute({
      method: 'get',
      path: '/v1/outcomes',
      operationId: 'streamOutcomes',
      tag: 'Outcomes',
      summary: 'Follow what becomes of events, as server-sent events',
      description:
        'Events: `attempt.failed`, `delivery.delivered`, `delivery.undeliverable`, `delivery.cancelled`, `event.settled`; the data of each is JSON `{id, at, event, delivery?, endpoint?, consumer, status, outcome?, attempt?, nextAttemptAt?, reason?}`.',
      access: 'consumer',
      requestHeaders: { 'Last-Event-ID': 'Resumes after this event, without a gap' },
      answers: { 200: { description: 'A stream that stays open', type: 'text/event-stream' } },
      problems: ['cursor_gone', 'invalid_request'],
      handle: async ({ tenant: { projectId, consumer }, request, response }) => {
        const stream = await orUnavailable(streams.open({ projectId, consumer }, lastEventId(request)));
        if (stream === 'gone') throw new Problem('cursor_gone');
        const holds = () => authentication.stillHolds(request);
        endWithKey(stream, response, holds, closing);
        return {
          status: 200,
          // Proxies such as nginx would hold the events back until a buffer is full.
          headers: { 'x-accel-buffering': 'no' },
          content: { type: 'text/event-stream; charset=utf-8', body: stream },
        };
      },
    }),
  ];
}

function lastEventId(request: Request): string | null {
  const id = request.headers['last-event-id'];
  if (id === undefined || id === '') return null;
  if (typeof id !== 'string' || !/^[\x21-\x7e]{1,256}$/.test(id)) {
    throw new Problem('invalid_request', 'The header Last-Event-ID is not an id of this stream.');
  }
  return id;
}

/** Ends the answer when the key is deleted or the process stops; the stream is destroyed with its answer. */
function endWithKey(
  stream: Readable,
  response: Response,
  keyHolds: () => Promise<boolean>,
  closing: AbortSignal,
): void {
  const end = (): void => {
    stream.unpipe();
    response.end();
  };
  const timer = setInterval(async () => {
    // While Postgres is away nothing is known of the key, and nothing new comes either.
    if (!(await keyHolds().catch(() => true))) end();
  }, KEY_CHECK_MS);
  closing.addEventListener('abort', end, { once: true });
  response.once('close', () => {
    clearInterval(timer);
    closing.removeEventListener('abort', end);
  });
}
