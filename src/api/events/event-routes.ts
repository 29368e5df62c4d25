import { z } from 'zod';
import type { TimeSlices } from '../../limits/time-slices.ts';
import { EVENT_STATUSES } from '../../policy/outcome.ts';
import type { AcceptedEvent, EventDraft } from '../../store/events/event-draft.ts';
import { listEvents } from '../../store/events/event-lists.ts';
import { eventStateDigest } from '../../store/events/event-reads.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { encodeCursor, pageRequest } from '../http/cursor.ts';
import { matchesIfNoneMatch } from '../http/entity-tags.ts';
import { json, jsonText, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import {
  consumerId,
  eventId,
  name,
  pageQuery,
  pageSchema,
  pointInTime,
  posthornId,
} from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-codes.ts';
import { acceptedOrThrow, createAcceptEvent } from './accept-event.ts';
import { readEventBatch } from './event-batch.ts';
import { eventJsonList, MAX_DELIVERIES_RETURNED, readEvent, targetResponse } from './event-responses.ts';
import {
  type AcceptedItem,
  acceptedEvent,
  acceptedEvents,
  event,
  newEvent,
  newEvents,
  waitQuery,
} from './event-schemas.ts';
import { prepareDrafts } from './prepare-drafts.ts';

const listEventsQuery = z.strictObject({
  ...pageQuery,
  type: name.optional(),
  status: z.enum(EVENT_STATUSES).optional(),
  consumer: consumerId.optional(),
  endpoint: posthornId.optional(),
  since: pointInTime.optional().meta({ description: 'Not older than this' }),
  until: pointInTime.optional().meta({ description: 'Older than this' }),
});

const POST_PROBLEMS: ProblemCode[] = [
  'id_conflict',
  'invalid_url',
  'data_not_representable',
  'data_not_valid',
  'too_many_endpoints',
  'plan_required',
];

const params = z.object({ id: eventId });

export function eventRoutes(
  deps: ApiDependencies,
  db: Queryable,
  reads: TenantReadPool,
  slicesOf: (group: string) => TimeSlices,
): Route[] {
  const { acceptor, guard, config, links, metrics, clock } = deps;
  const acceptEvent = createAcceptEvent(deps, db);

  return [
    tenantRoute({
      method: 'post',
      path: '/v1/events',
      operationId: 'postEvent',
      tag: 'Events',
      summary: 'Post an event',
      description:
        'The answer 202 means that the event is stored and will be delivered. The same id with the same content may be posted again, and answers with the present state.',
      access: 'project',
      query: waitQuery,
      body: newEvent,
      responses: {
        200: { description: 'Every delivery has settled (with `wait`)', schema: event },
        202: { description: 'Stored', schema: acceptedEvent },
      },
      problems: POST_PROBLEMS,
      handle: postEvent,
    }),
    tenantRoute({
      method: 'post',
      path: '/v1/events/batch',
      operationId: 'postEvents',
      tag: 'Events',
      summary: 'Post up to 1,000 events: all are stored, or none',
      access: 'project',
      rawBody: newEvents,
      bodyLimit: 'batch',
      responses: { 202: { description: 'All stored, in the order of the request', schema: acceptedEvents } },
      problems: POST_PROBLEMS,
      handle: postEvents,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/events',
      operationId: 'listEvents',
      tag: 'Events',
      summary: 'List events, newest first',
      description:
        'A page may hold fewer than `limit` events, or none, and still have a `nextCursor`: where they are large, and where a filter matches few of the many that were looked at. The list has ended where `nextCursor` is null.',
      access: 'consumer',
      query: listEventsQuery,
      responses: { 200: { description: 'A page of events', schema: pageSchema(event) } },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: handleListEvents,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/events/{id}',
      operationId: 'getEvent',
      tag: 'Events',
      summary: 'Read an event with its deliveries',
      description:
        'Can be polled: with `If-None-Match` an event that has not changed is answered 304 without a body, at the cost of one small statement.',
      access: 'consumer',
      params,
      requestHeaders: { 'If-None-Match': 'The `ETag` of an answer that the caller has' },
      responses: {
        200: { description: 'The event', schema: event, headers: { ETag: 'Changes when the event does' } },
        304: { description: 'It is as the caller has it' },
      },
      handle: getEvent,
    }),
  ];

  async function postEvent(call: TenantCall<{ query: typeof waitQuery; body: typeof newEvent }>) {
    const { tenant, body: input, document } = call;
    await clock.whenSynced();
    const posted = { input, document, pointer: '', receivedAt: new Date(clock.now()) };
    const [draft] = await prepareDrafts(db, tenant, guard, [posted], slicesOf(tenant.projectId));
    return acceptEvent(call, draft!);
  }

  async function postEvents({ tenant, document }: TenantCall) {
    await clock.whenSynced();
    const at = new Date(clock.now());
    const slices = slicesOf(tenant.projectId);
    const posted = await readEventBatch(document.bytes, config.maxBodyBytes, at, slices);
    const drafts = await prepareDrafts(db, tenant, guard, posted, slices);
    const results = await acceptor.acceptAll(drafts);
    const items = results.map((result, i) =>
      acceptedItem(drafts[i]!, acceptedOrThrow(result, `/events/${i}`)),
    );
    metrics?.recordAcceptedEvents(tenant.projectId, results.filter(({ kind }) => kind === 'accepted').length);
    return json(202, { items });
  }

  async function handleListEvents({ tenant, query }: TenantCall<{ query: typeof listEventsQuery }>) {
    const { since, until, limit, cursor, ...filter } = query;
    const times = { since: dateOf(since), until: dateOf(until) };
    const db = reads(tenant);
    const page = await listEvents(
      db,
      tenant,
      { ...filter, ...times },
      pageRequest('timeAndId', { limit, cursor }),
    );
    const items = await eventJsonList(db, links, tenant.projectId, page.items);
    const next = page.next && encodeCursor('timeAndId', page.next);
    return jsonText(200, `{"items":[${items.join(',')}],"nextCursor":${JSON.stringify(next)}}`);
  }

  async function getEvent({ tenant, params: { id }, request }: TenantCall<{ params: typeof params }>) {
    const db = reads(tenant);
    // Before the event: a tag that is newer than what it comes with would hide the next change.
    const state = await eventStateDigest(db, tenant, id, MAX_DELIVERIES_RETURNED);
    if (state === undefined) throw new Problem('not_found');
    // Weak: whether Temporal still keeps the page of a workflow is not in it.
    const etag = `W/"${state}"`;
    if (matchesIfNoneMatch(request.headers['if-none-match'], etag)) return { status: 304, headers: { etag } };
    const found = await readEvent(db, links, tenant, id);
    return jsonText(200, found.text, { etag });
  }
}

const dateOf = (time: string | undefined): Date | undefined =>
  time === undefined ? undefined : new Date(time);

function acceptedItem(draft: EventDraft, accepted: AcceptedEvent): AcceptedItem {
  const { id, type, consumer, test, attributes } = draft;
  const { status, createdAt, deliveryCount } = accepted;
  const target = targetResponse(draft.target?.url ?? null);
  return { id, type, consumer, status, test, createdAt, attributes, target, deliveryCount };
}
