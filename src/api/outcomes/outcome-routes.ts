import { z } from 'zod';
import { OUTCOME_KINDS } from '../../store/outcomes/outcome-filter.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { eventStreamResponse, lastEventId, refuseWhileStopping } from '../http/event-streams.ts';
import { onDisconnect } from '../http/on-disconnect.ts';
import { EVENT_STREAM, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { consumerId, listOf, listOfIds, posthornId } from '../http/validation/fields.ts';
import type { StreamLimit } from '../limits/stream-limit.ts';
import { Problem } from '../problems/problem.ts';

const streamQuery = z.strictObject({
  endpoint: listOfIds(posthornId).optional().meta({
    description: 'Only outcomes of these endpoints, at most 50, separated by commas',
  }),
  consumer: listOfIds(consumerId).optional().meta({
    description: 'Only outcomes of these consumers, at most 50, separated by commas',
  }),
  kind: listOf(OUTCOME_KINDS).optional(),
});

export function outcomeRoutes(
  { streams, shutdownSignal }: ApiDependencies,
  authentication: Authentication,
  limit: StreamLimit,
): Route[] {
  return [
    tenantRoute({
      method: 'get',
      path: '/v1/outcomes',
      operationId: 'streamOutcomes',
      tag: 'Outcomes',
      summary: 'Stream outcomes as server-sent events',
      description:
        'A list of `endpoint`, `consumer` or `kind` leaves out other outcomes; `Last-Event-ID` goes on with the same lists or with others. Event names: `attempt.failed`, `delivery.delivered`, `delivery.undeliverable`, `delivery.cancelled`, `event.settled`. The data of each is JSON `{id, at, event, delivery?, endpoint?, consumer, status, outcome?, attempt?, nextAttemptAt?, reason?}`.',
      access: 'consumer',
      query: streamQuery,
      requestHeaders: { 'Last-Event-ID': 'Resumes after this event, without a gap' },
      responses: { 200: { description: 'A stream that stays open', type: EVENT_STREAM } },
      problems: ['cursor_expired', 'invalid_request', 'too_many_streams'],
      handle: streamOutcomes,
    }),
  ];

  async function streamOutcomes({
    tenant,
    query: { endpoint, consumer, kind },
    request,
    response,
  }: TenantCall<{ query: typeof streamQuery }>) {
    refuseWhileStopping(shutdownSignal);
    const after = lastEventId(request, /^[\x21-\x7e]{1,256}$/);
    const filter = { endpoints: endpoint, consumers: consumer, kinds: kind };
    onDisconnect(response, limit.acquire({ ...tenant, key: authentication.keyFingerprint(request) }));
    const stream = await mapOutage(streams.open(tenant, filter, after));
    if (stream === 'expired') throw new Problem('cursor_expired');
    return eventStreamResponse(stream, { request, response }, authentication, shutdownSignal);
  }
}
