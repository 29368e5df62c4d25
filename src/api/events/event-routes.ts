import { z } from 'zod';
import type { TimeSlices } from '../../limits/time-slices.ts';
import { MAX_DELIVERIES_RETURNED } from '../../store/events/accept/accept-result.ts';
import type { AcceptedEvent, EventDraft } from '../../store/events/event-draft.ts';
import { eventStateDigest } from '../../store/events/event-reads.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { may } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { matchesIfNoneMatch } from '../http/entity-tags.ts';
import { json, jsonText, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { eventId } from '../http/validation/fields.ts';
import type { SearchLimit } from '../limits/search-limit.ts';
import type { TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-codes.ts';
import { acceptedOrThrow, createAcceptEvent } from './accept-event.ts';
import { readEventBatch } from './event-batch.ts';
import { readEvent, targetResponse } from './event-responses.ts';
import {
  type AcceptedItem,
  acceptedEvent,
  acceptedEvents,
  event,
  newEvent,
  newEvents,
  waitQuery,
} from './event-schemas.ts';
import { listEventsRoute } from './list-events.ts';
import { prepareDrafts } from './prepare-drafts.ts';
import { type TracedAcceptance, traceAcceptance } from './trace-acceptance.ts';

const POST_PROBLEMS: ProblemCode[] = [
  'id_conflict',
  'invalid_url',
  'data_not_representable',
  'data_not_valid',
  'too_many_endpoints',
  'plan_required',
];

const TRACE_HEADERS = {
  traceparent:
    'A W3C trace context. If the operator exports traces, the attempts of the event belong to this trace. Ignored if it is not valid.',
  tracestate:
    'What your tracing systems pass along with `traceparent`, at most 512 characters. Ignored if either is not valid.',
};

const params = z.object({ id: eventId });

export function eventRoutes(
  deps: ApiDependencies,
  db: Queryable,
  readPool: TenantReadPool,
  searches: SearchLimit,
  slicesOf: (group: string) => TimeSlices,
): Route[] {
  const { acceptor, guard, config, links, metrics, clock } = deps;
  const acceptEvent = createAcceptEvent(deps, db);

  return [
    tenantRoute({
      method: 'post',
      path: '/v1/events',
      operationId: 'postEvent',
      audited: false,
      tag: 'Events',
      summary: 'Post an event',
      description:
        'A 202 response means that the event is stored and will be delivered. Posting the same id with the same content again is safe and returns the current state of the event.',
      access: 'project',
      requestHeaders: TRACE_HEADERS,
      query: waitQuery,
      body: newEvent,
      responses: {
        200: { description: 'With `wait`: every delivery has settled', schema: event },
        202: { description: 'Stored', schema: acceptedEvent },
      },
      problems: POST_PROBLEMS,
      handle: (call) => traced('/v1/events', call, (trace) => postEvent(call, trace)),
    }),
    tenantRoute({
      method: 'post',
      path: '/v1/events/batch',
      operationId: 'postEvents',
      audited: false,
      tag: 'Events',
      summary: 'Post up to 1,000 events; either all are stored or none',
      access: 'project',
      requestHeaders: TRACE_HEADERS,
      rawBody: newEvents,
      bodyLimit: 'batch',
      responses: {
        202: {
          description: 'All events are stored; items are in the order of the request',
          schema: acceptedEvents,
        },
      },
      problems: POST_PROBLEMS,
      handle: (call) => traced('/v1/events/batch', call, (trace) => postEvents(call, trace)),
    }),
    listEventsRoute(deps, readPool, searches),
    tenantRoute({
      method: 'get',
      path: '/v1/events/{id}',
      operationId: 'getEvent',
      tag: 'Events',
      summary: 'Get an event with its deliveries',
      description:
        'Suitable for polling: a request with `If-None-Match` for an event that has not changed returns 304 without a body, and costs one small query.',
      access: 'consumer',
      params,
      requestHeaders: { 'If-None-Match': 'The `ETag` of an earlier response' },
      responses: {
        200: {
          description: 'The event',
          schema: event,
          headers: { ETag: 'Changes whenever the event changes' },
        },
        304: { description: 'The event has not changed' },
      },
      handle: getEvent,
    }),
  ];

  /** Runs `work` as the span of a call. */
  async function traced<T>(
    route: string,
    { tenant, request }: Pick<TenantCall, 'tenant' | 'request'>,
    work: (trace: TracedAcceptance) => Promise<T>,
  ): Promise<T> {
    const trace = traceAcceptance(deps.tracing, route, tenant.projectId, request.headers);
    try {
      return await work(trace);
    } catch (error) {
      trace.failed(error);
      throw error;
    }
  }

  async function postEvent(
    call: TenantCall<{ query: typeof waitQuery; body: typeof newEvent }>,
    trace: TracedAcceptance,
  ) {
    const { tenant, body: input, document } = call;
    await clock.whenSynced();
    const posted = { input, document, pointer: '', receivedAt: new Date(clock.now()) };
    const [draft] = await prepareDrafts(db, tenant, guard, [posted], slicesOf(tenant.projectId));
    Object.assign(draft!, trace.headers);
    return acceptEvent(call, draft!, trace);
  }

  async function postEvents({ tenant, document }: TenantCall, { headers, accepted }: TracedAcceptance) {
    await clock.whenSynced();
    const at = new Date(clock.now());
    const slices = slicesOf(tenant.projectId);
    const posted = await readEventBatch(document.bytes, config.maxBodyBytes, at, slices);
    const drafts = await prepareDrafts(db, tenant, guard, posted, slices);
    for (const draft of drafts) Object.assign(draft, headers);
    const results = await acceptor.acceptAll(drafts);
    const items = results.map((result, i) =>
      acceptedItem(drafts[i]!, acceptedOrThrow(result, `/events/${i}`)),
    );
    accepted(items.length);
    metrics?.recordAcceptedEvents(tenant.projectId, results.filter(({ kind }) => kind === 'accepted').length);
    return json(202, { items });
  }

  async function getEvent({ tenant, params: { id }, request }: TenantCall<{ params: typeof params }>) {
    const db = readPool(tenant);
    // Read before the event: a tag newer than the body would hide the next change from the caller.
    const state = await eventStateDigest(db, tenant, id, MAX_DELIVERIES_RETURNED);
    if (state === undefined) throw new Problem('not_found');
    // Weak, because the tag does not cover whether Temporal still keeps the workflow behind a link.
    // A session without payloads gets another body, so its tag differs.
    const etag = `W/"${state}${may(tenant, 'payloads') ? '' : '-sizes'}"`;
    if (matchesIfNoneMatch(request.headers['if-none-match'], etag)) return { status: 304, headers: { etag } };
    const found = await readEvent(db, links, tenant, id);
    return jsonText(200, found.text, { etag });
  }
}

function acceptedItem(draft: EventDraft, accepted: AcceptedEvent): AcceptedItem {
  const { id, type, consumer, test, attributes } = draft;
  const { sequence, status, createdAt, expiresAt, deliveryCount } = accepted;
  const target = targetResponse(draft.target?.url ?? null);
  return {
    id,
    sequence,
    type,
    consumer,
    status,
    test,
    createdAt,
    expiresAt,
    attributes,
    target,
    deliveryCount,
  };
}
