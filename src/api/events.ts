import { z } from 'zod';
import { parseDuration } from '../policy/duration.ts';
import { EVENT_STATUSES } from '../policy/outcome.ts';
import { type Queryable, StoreUnavailable } from '../store/database.ts';
import type { Accepted, AcceptedEvent, EventDraft } from '../store/event-draft.ts';
import { findEvent, listEvents } from '../store/event-reads.ts';
import type { Tenant } from './authentication.ts';
import { encodeCursor, pageRequest } from './cursor.ts';
import { requireValidData } from './data-checks.ts';
import { bornDeliveryAnswer } from './delivery-answers.ts';
import type { ApiDependencies } from './dependencies.ts';
import { eventText, eventTexts } from './event-answers.ts';
import { draftOf, draftsOf } from './event-drafts.ts';
import { onGone } from './on-gone.ts';
import { requirePlansForTargets } from './plan-rules.ts';
import { Problem } from './problem.ts';
import type { ProblemCode } from './problem-codes.ts';
import { type Answer, json, jsonText, type Route, type TenantCall, tenantRoute } from './route.ts';
import { acceptedEvent, acceptedEvents, event, newEvent, newEvents } from './schemas/event.ts';
import { duration, eventId, name, ownId, pageOfSchema, pageQuery, pointInTime } from './schemas/fields.ts';

const postQuery = z.strictObject({
  wait: duration(0, 60, 'at most 60 seconds')
    .optional()
    .meta({ description: 'Answer 200 as soon as every delivery has settled', example: '10s' }),
});

const listQuery = z.strictObject({
  ...pageQuery,
  type: name.optional(),
  status: z.enum(EVENT_STATUSES).optional(),
  consumer: name.optional(),
  endpoint: ownId.optional(),
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

export function eventRoutes(deps: ApiDependencies, db: Queryable): Route[] {
  const { acceptor, guard, config, links, metrics } = deps;

  const readEvent = async (tenant: Tenant, id: string): Promise<{ settled: boolean; text: string }> => {
    const found = await findEvent(db, tenant, id);
    if (!found) throw new Problem('not_found');
    const [text] = await eventTexts(db, links, tenant.projectId, [found]);
    return { settled: found.status !== 'pending', text: text! };
  };

  const post = async (call: TenantCall<unknown, z.output<typeof postQuery>, z.output<typeof newEvent>>) => {
    const { tenant, body: input, document, query } = call;
    const draft = draftOf(tenant, guard, { input, document, pointer: '', at: new Date() });
    await requirePlansForTargets(db, tenant, [draft], () => '');
    await requireValidData(db, tenant, [{ draft, data: input.data, pointer: '' }]);
    const result = await acceptor.acceptOne(draft);
    const accepted = acceptedOrThrow(result, '');
    if (result.kind === 'accepted') metrics?.eventsAccepted(tenant.projectId, 1);
    const stored = about(draft, jsonText(202, acceptedText(draft, accepted)));
    if (result.kind === 'accepted' && query.wait === undefined) return stored;
    if (query.wait !== undefined) await untilSettled(deps, call, accepted, parseDuration(query.wait)! * 1000);
    try {
      // Read even for a repeated post: the body composed now is not the one that receivers got then.
      const { settled, text } = await readEvent(tenant, draft.id);
      return about(draft, jsonText(settled && query.wait !== undefined ? 200 : 202, text));
    } catch (error) {
      // It is stored: a 503 would make the producer post it a second time, under another id.
      if (error instanceof StoreUnavailable && result.kind === 'accepted') return stored;
      throw error;
    }
  };

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
      query: postQuery,
      body: newEvent,
      answers: {
        200: { description: 'Every delivery has settled (with `wait`)', schema: event },
        202: { description: 'Stored', schema: acceptedEvent },
      },
      problems: POST_PROBLEMS,
      handle: post,
    }),
    tenantRoute({
      method: 'post',
      path: '/v1/events/batch',
      operationId: 'postEvents',
      tag: 'Events',
      summary: 'Post up to 1,000 events: all are stored, or none',
      access: 'project',
      body: newEvents,
      bodyLimit: 'batch',
      answers: { 202: { description: 'All stored, in the order of the request', schema: acceptedEvents } },
      problems: POST_PROBLEMS,
      handle: async ({ tenant, body, document }) => {
        const drafts = draftsOf(tenant, guard, body.events, document, config.maxBodyBytes);
        await requirePlansForTargets(db, tenant, drafts, (place) => `/events/${place}`);
        const checkable = drafts.map((draft, i) => ({
          draft,
          data: body.events[i]!.data,
          pointer: `/events/${i}`,
        }));
        await requireValidData(db, tenant, checkable);
        const results = await acceptor.acceptAll(drafts);
        const items = results.map((result, i) =>
          acceptedItem(drafts[i]!, acceptedOrThrow(result, `/events/${i}`)),
        );
        metrics?.eventsAccepted(tenant.projectId, results.filter(({ kind }) => kind === 'accepted').length);
        return json(202, { items });
      },
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/events',
      operationId: 'listEvents',
      tag: 'Events',
      summary: 'List events, newest first',
      description: 'A page may hold fewer than `limit` events where they are large.',
      access: 'consumer',
      query: listQuery,
      answers: { 200: { description: 'A page of events', schema: pageOfSchema(event) } },
      problems: ['invalid_cursor'],
      handle: async ({ tenant, query }) => {
        const { since, until, limit, cursor, ...filter } = query;
        const times = { since: dateOf(since), until: dateOf(until) };
        const page = await listEvents(
          db,
          tenant,
          { ...filter, ...times },
          pageRequest('timeAndId', { limit, cursor }),
        );
        const items = await eventTexts(db, links, tenant.projectId, page.items);
        const next = page.next && encodeCursor('timeAndId', page.next);
        return jsonText(200, `{"items":[${items.join(',')}],"nextCursor":${JSON.stringify(next)}}`);
      },
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/events/{id}',
      operationId: 'getEvent',
      tag: 'Events',
      summary: 'Read an event with its deliveries',
      access: 'consumer',
      params: z.object({ id: eventId }),
      answers: { 200: { description: 'The event', schema: event } },
      handle: async ({ tenant, params }) => jsonText(200, (await readEvent(tenant, params.id)).text),
    }),
  ];
}

const about = ({ id }: EventDraft, answer: Answer): Answer => ({ ...answer, eventId: id });

const dateOf = (time: string | undefined): Date | undefined =>
  time === undefined ? undefined : new Date(time);

function acceptedOrThrow(result: Accepted, pointer: string): AcceptedEvent {
  switch (result.kind) {
    case 'id_conflict':
      throw new Problem('id_conflict', undefined, {
        errors: [{ pointer: `${pointer}/id`, detail: 'is the id of an event with other content' }],
      });
    case 'too_many_endpoints':
      throw new Problem('too_many_endpoints', undefined, {
        errors: [{ pointer, detail: `matches ${result.count} endpoints` }],
      });
    default:
      return result.event;
  }
}

const acceptedText = (draft: EventDraft, { status, deliveryCount, deliveries }: AcceptedEvent): string =>
  eventText(
    { ...draft, status, deliveryCount },
    deliveries?.map((born) => bornDeliveryAnswer(born, draft.id, draft.createdAt)),
  );

function acceptedItem(draft: EventDraft, accepted: AcceptedEvent): object {
  const { id, type, consumer, test, attributes } = draft;
  const { status, createdAt, deliveryCount } = accepted;
  return { id, type, consumer, status, test, createdAt, attributes, deliveryCount };
}

/** Until nothing of the event is open any more, time is up, the caller goes or the process stops. */
async function untilSettled(
  { waiters, closing }: ApiDependencies,
  { response, tenant }: TenantCall<unknown, unknown, unknown>,
  { id, status }: AcceptedEvent,
  timeoutMs: number,
): Promise<void> {
  if (status !== 'pending') return;
  const gone = new AbortController();
  onGone(response, () => gone.abort());
  await waiters.untilSettled(tenant.projectId, id, timeoutMs, AbortSignal.any([gone.signal, closing]));
}
