import { z } from 'zod';
import { EVENT_STATUSES } from '../../policy/outcome.ts';
import { delivery } from '../deliveries/delivery-schemas.ts';
import { consumerId, duration, name, newEventId, storableText, time } from '../http/validation/fields.ts';

/** `data` is checked and taken as bytes, never through this value: see ../event-drafts.ts. */
const anyJson = z.unknown().meta({ description: 'Any JSON; receivers get it byte for byte' });

/** Its form and length are the profile's to judge, in the profile's words. */
const targetSecret = z
  .string({ error: ({ input }) => (input === undefined ? 'is required with the URL' : undefined) })
  .meta({ description: 'Signs what is sent there' });

export const newEvent = z
  .strictObject({
    type: name.meta({ example: 'render.completed' }),
    data: anyJson.meta({ example: { render: 'r_1', seconds: 42 } }),
    id: newEventId.optional().meta({ description: 'Makes the post repeatable; `evt_…` when left out' }),
    consumer: consumerId.optional().meta({ description: "Goes to this consumer's endpoints alone" }),
    attributes: z.record(name, storableText).optional(),
    target: z
      .strictObject({ url: z.string().min(1).max(2048), secret: targetSecret })
      .optional()
      .meta({ description: 'Delivers to this URL alone, instead of to endpoints' }),
  })
  .meta({ id: 'NewEvent' });

export const waitQuery = z.strictObject({
  wait: duration(0, 60, 'at most 60 seconds')
    .optional()
    .meta({ description: 'Answer 200 as soon as every delivery has settled', example: '10s' }),
});

export const newTestEvent = z
  .strictObject({
    type: name.optional().meta({ description: 'The first of the catalogue when left out' }),
  })
  .meta({ id: 'NewTestEvent' });

export const MAX_BATCH_EVENTS = 1_000;

/** For the document: a batch is read event by event (../event-batch.ts). */
export const newEvents = z
  .strictObject({ events: z.array(newEvent).min(1).max(MAX_BATCH_EVENTS) })
  .meta({ id: 'NewEvents' });

export type EventInput = z.output<typeof newEvent>;

const target = z
  .object({ url: z.string() })
  .nullable()
  .meta({ description: 'The URL of its own, as it is sent to; null: it goes to endpoints' });

const acceptedFields = {
  id: z.string(),
  type: z.string(),
  consumer: z.string().nullable(),
  status: z.enum(EVENT_STATUSES),
  test: z.boolean(),
  createdAt: time,
  attributes: z.record(z.string(), z.string()),
  target,
  data: anyJson,
  body: z.string().meta({ description: 'As receivers get it' }),
  deliveryCount: z.int().min(0),
};

const deliveries = z.array(delivery).meta({ description: 'The first 100' });

export const event = z.object({ ...acceptedFields, deliveries }).meta({ id: 'Event' });

export const acceptedEvent = z.object({ ...acceptedFields, deliveries: deliveries.optional() }).meta({
  id: 'AcceptedEvent',
  description: 'The event as it was stored; `GET /v1/events/{id}` always has its deliveries',
});

/** Without data and body: the caller has just sent them, and a batch has a thousand. */
export const acceptedItem = z
  .object({
    id: z.string(),
    type: z.string(),
    consumer: z.string().nullable(),
    status: z.enum(EVENT_STATUSES),
    test: z.boolean(),
    createdAt: time,
    attributes: z.record(z.string(), z.string()),
    target,
    deliveryCount: z.int().min(0),
  })
  .meta({ id: 'AcceptedItem' });

export const acceptedEvents = z.object({ items: z.array(acceptedItem) }).meta({ id: 'AcceptedEvents' });

export type AcceptedItem = z.output<typeof acceptedItem>;
