import { z } from 'zod';
import { EVENT_STATUSES } from '../../policy/outcome.ts';
import { delivery } from '../deliveries/delivery-schemas.ts';
import {
  attributes,
  consumerId,
  duration,
  name,
  newEventId,
  shownTime,
  time,
} from '../http/validation/fields.ts';

const DAY = 86_400;

/** `data` is validated and stored as bytes, not through this value: see event-drafts.ts. */
const anyJson = z.unknown().meta({ description: 'Any JSON value. Receivers get it byte for byte' });

/** The profile validates format and length, so that its error messages apply. */
const targetSecret = z
  .string({ error: ({ input }) => (input === undefined ? 'is required with the URL' : undefined) })
  .meta({ description: 'Signs the requests to this URL' });

export const newEvent = z
  .strictObject({
    type: name.meta({ example: 'render.completed' }),
    data: anyJson.meta({ example: { render: 'r_1', seconds: 42 } }),
    id: newEventId.optional().meta({ description: 'Makes the call idempotent. Default: a new `evt_…` id' }),
    consumer: consumerId.optional().meta({ description: "Delivers only to this consumer's endpoints" }),
    attributes: attributes.optional(),
    target: z
      .strictObject({ url: z.string().min(1).max(2048), secret: targetSecret })
      .optional()
      .meta({ description: 'Delivers only to this URL instead of to endpoints' }),
    expiresAt: shownTime.optional().meta({
      description:
        'From then on, no request for the event starts, and its open deliveries end `undeliverable` with the reason `expired`',
      example: '2026-03-26T14:30:00Z',
    }),
    ttl: duration(1, 30 * DAY, 'at most 30 days')
      .optional()
      .meta({
        description: 'The same as a time from now, instead of `expiresAt`',
        example: '10m',
      }),
  })
  .refine(({ expiresAt, ttl }) => expiresAt === undefined || ttl === undefined, {
    path: ['ttl'],
    message: 'must be left out if expiresAt is set',
  })
  .meta({ id: 'NewEvent', example: { type: 'render.completed', data: { render: 'r_1', seconds: 42 } } });

export const waitQuery = z.strictObject({
  wait: duration(0, 60, 'at most 60 seconds').optional().meta({
    description: 'How long to wait for every delivery to settle, which returns 200',
    example: '10s',
  }),
});

export const newTestEvent = z
  .strictObject({
    type: name.optional().meta({ description: 'Default: the first type in the catalogue' }),
    data: anyJson.optional().meta({
      description:
        'Sent instead of the example, byte for byte; then the type needs no example. Only with a project key',
    }),
  })
  .meta({ id: 'NewTestEvent' });

export const MAX_BATCH_EVENTS = 1_000;

/** For the OpenAPI document only: a batch is parsed event by event, in event-batch.ts. */
export const newEvents = z
  .strictObject({ events: z.array(newEvent).min(1).max(MAX_BATCH_EVENTS) })
  .meta({ id: 'NewEvents' });

export type EventInput = z.output<typeof newEvent>;

const target = z
  .object({ url: z.string() })
  .nullable()
  .meta({ description: "The event's own target URL; null if the event goes to endpoints" });

const sequence = z.int().min(1).meta({
  description: 'Increases within the project: an event posted after another was accepted has a higher number',
});

const itemFields = {
  id: z.string(),
  sequence,
  type: z.string(),
  consumer: z.string().nullable(),
  status: z.enum(EVENT_STATUSES),
  test: z.boolean(),
  createdAt: time,
  expiresAt: time.nullable(),
  attributes: z.record(z.string(), z.string()),
  target,
  deliveryCount: z.int().min(0),
};
const acceptedFields = {
  ...itemFields,
  data: anyJson,
  body: z
    .string()
    .nullable()
    .meta({ description: 'The request body that receivers get; null if it has been removed' }),
  bytes: z.int().optional().meta({
    description:
      'The size of the body, instead of body and data: in a session of the portal without `payloads`',
  }),
  payloadRemovedAt: time.nullable().meta({
    description:
      'When data and body were removed, by the `payloadRetention` of the project; `data` is null from then on',
  }),
};

const deliveries = z.array(delivery).meta({ description: 'The first 100 deliveries' });

export const event = z.object({ ...acceptedFields, deliveries }).meta({ id: 'Event' });

export const eventSummary = z
  .object({
    ...itemFields,
    bytes: z.int().min(0).meta({ description: 'The length of the request body' }),
    settledAt: time.nullable(),
    openCount: z.int().min(0),
    deliveredCount: z.int().min(0),
    undeliverableCount: z.int().min(0),
    cancelledCount: z.int().min(0),
    retryingCount: z.int().min(0).nullable().meta({
      description:
        'Of the open deliveries, those that are `retrying`. This and the next three are null for an event with more than 100 deliveries: list these instead',
    }),
    nextAttemptAt: time
      .nullable()
      .meta({ description: 'The earliest next attempt of one that is `retrying`' }),
    resentCount: z
      .int()
      .min(0)
      .nullable()
      .meta({ description: 'Of the undeliverable ones, those that another delivery replays' }),
    dismissedCount: z
      .int()
      .min(0)
      .nullable()
      .meta({ description: 'Of the undeliverable ones, those that were dismissed and not replayed' }),
  })
  .meta({ id: 'EventSummary' });

export const acceptedEvent = z.object({ ...acceptedFields, deliveries: deliveries.optional() }).meta({
  id: 'AcceptedEvent',
  description: 'The stored event. `GET /v1/events/{id}` always includes its deliveries',
});

/** Omits data and body: the caller has just sent them, and a batch may have 1,000 events. */
const acceptedItem = z.object(itemFields).meta({ id: 'AcceptedItem' });

export const acceptedEvents = z.object({ items: z.array(acceptedItem) }).meta({ id: 'AcceptedEvents' });

export type AcceptedItem = z.output<typeof acceptedItem>;
