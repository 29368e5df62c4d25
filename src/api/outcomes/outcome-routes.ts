import type { Readable } from 'node:stream';
import type { Request, Response } from 'express';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { onDisconnect } from '../http/on-disconnect.ts';
import { type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { createStreamLimit } from '../limits/stream-limit.ts';
import { Problem } from '../problems/problem.ts';

export function outcomeRoutes(
  { streams, shutdownSignal, config }: ApiDependencies,
  authentication: Authentication,
): Route[] {
  const limit = createStreamLimit(config.quotas);
  return [
    tenantRoute({
      method: 'get',
      path: '/v1/outcomes',
      operationId: 'streamOutcomes',
      tag: 'Outcomes',
      summary: 'Stream outcomes as server-sent events',
      description:
        'Event names: `attempt.failed`, `delivery.delivered`, `delivery.undeliverable`, `delivery.cancelled`, `event.settled`. The data of each is JSON `{id, at, event, delivery?, endpoint?, consumer, status, outcome?, attempt?, nextAttemptAt?, reason?}`.',
      access: 'consumer',
      requestHeaders: { 'Last-Event-ID': 'Resumes after this event, without a gap' },
      responses: { 200: { description: 'A stream that stays open', type: 'text/event-stream' } },
      problems: ['cursor_expired', 'invalid_request', 'too_many_streams'],
      handle: streamOutcomes,
    }),
  ];

  async function streamOutcomes({ tenant, request, response }: TenantCall) {
    // A new stream would delay shutdown until the grace period for requests is over.
    if (shutdownSignal.aborted)
      throw new Problem('unavailable', undefined, { headers: { 'retry-after': '1' } });
    const after = lastEventId(request);
    onDisconnect(response, limit.acquire({ ...tenant, key: authentication.keyFingerprint(request) }));
    const stream = await mapOutage(streams.open(tenant, after));
    if (stream === 'expired') throw new Problem('cursor_expired');
    endWith(stream, response, shutdownSignal, (end) => authentication.watchKey(request, end));
    return {
      status: 200,
      // Proxies such as nginx would buffer the events otherwise.
      headers: { 'x-accel-buffering': 'no' },
      content: { type: 'text/event-stream; charset=utf-8', body: stream },
    };
  }
}

function lastEventId(request: Request): string | null {
  const id = request.headers['last-event-id'];
  if (id === undefined || id === '') return null;
  if (typeof id !== 'string' || !/^[\x21-\x7e]{1,256}$/.test(id)) {
    throw new Problem('invalid_request', 'The header Last-Event-ID is not an id from this stream.');
  }
  return id;
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
