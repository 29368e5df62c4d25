import { z } from 'zod';
import { OUTCOMES } from '../../policy/outcome.ts';
import { consumerId, pointInTime, posthornId, time } from '../http/validation/fields.ts';
import { STEPS } from './timeline-window.ts';

const MAX_ENDPOINTS = 50;

const windowQuery = {
  from: pointInTime
    .optional()
    .meta({ description: 'Required. The points begin at the start of the step that contains it' }),
  to: pointInTime.optional().meta({ description: 'Now, if it is left out; at most 400 days after `from`' }),
};
const step = z.enum(STEPS).optional().meta({
  description: 'The finest with at most 180 points, if it is left out; at most 400 points',
});

export const timelineQuery = z.strictObject({
  ...windowQuery,
  step,
  endpoint: posthornId.optional(),
  consumer: consumerId.optional(),
});
export const eventTypesQuery = z.strictObject({ ...windowQuery, consumer: consumerId.optional() });
export const endpointsQuery = z.strictObject({
  ids: z
    .string()
    .transform((text, context) => {
      const ids = [...new Set(text.split(','))];
      if (ids.length <= MAX_ENDPOINTS && ids.every((id) => posthornId.safeParse(id).success)) return ids;
      context.addIssue({ code: 'custom', message: `must list 1 to ${MAX_ENDPOINTS} ids of endpoints` });
      return z.NEVER;
    })
    .meta({ description: 'The ids of up to 50 endpoints, separated by commas' }),
  ...windowQuery,
  step,
});

const counts = z.array(z.int());
const percentiles = (description: string) =>
  z
    .object({
      p50: z.array(z.int().nullable()),
      p95: z.array(z.int().nullable()),
      p99: z.array(z.int().nullable()),
    })
    .meta({ description });

const windowFields = {
  from: time.meta({ description: 'The start of the first point' }),
  to: time.meta({ description: 'The end of the last point' }),
  step: z.enum(STEPS).meta({ description: 'Longer than asked if nothing finer is kept from `from` on' }),
};
const settledUntil = time.meta({ description: 'Points that end later are partial: more may be counted' });
const beginsAt = time.meta({ description: 'Nothing was counted before' });
const at = z.array(time).meta({ description: 'The start of each point, in UTC' });

export const timeline = z
  .object({
    ...windowFields,
    settledUntil,
    beginsAt,
    at,
    accepted: counts.nullable().meta({ description: 'Accepted events; null if `endpoint` is given' }),
    attempts: z
      .partialRecord(z.enum(OUTCOMES), counts)
      .meta({ description: 'Attempts by outcome, without those that never occurred' }),
    deliveries: z
      .object({ delivered: counts, undeliverable: counts, cancelled: counts })
      .meta({ description: 'Deliveries that reached a final status' }),
    attemptMs: percentiles(
      'Response time, in milliseconds: how long one attempt took. An estimate; null: nothing timed',
    ),
    latencyMs: percentiles(
      'Latency, in milliseconds: from acceptance to delivery, retries included. An estimate; null: nothing delivered',
    )
      .nullable()
      .meta({ description: 'null if `endpoint` is given' }),
  })
  .meta({ id: 'Timeline', description: 'Each array has one value for each point' });

export const endpointStatistics = z
  .object({
    ...windowFields,
    settledUntil,
    at,
    items: z.array(
      z
        .object({
          endpoint: z.string(),
          attempts: counts,
          failed: counts.meta({ description: 'Failed attempts: those without a 2xx response' }),
          totals: z.object({
            attempts: z.int(),
            failed: z.int(),
            undeliverable: z.int().meta({ description: 'Deliveries that became undeliverable' }),
            p50Ms: z.int().nullable().meta({ description: 'Response time; an estimate' }),
            p95Ms: z.int().nullable(),
          }),
          lastDeliveredAt: time.nullable(),
          lastFailedAt: time.nullable().meta({ description: 'The last failed attempt' }),
        })
        .meta({ id: 'EndpointFigures' }),
    ),
  })
  .meta({ id: 'EndpointStatistics' });

export const eventTypeStatistics = z
  .object({
    from: windowFields.from,
    to: windowFields.to,
    settledUntil,
    items: z.array(z.object({ type: z.string(), accepted: z.int() }).meta({ id: 'AcceptedOfType' })),
    others: z.int().meta({ description: 'Accepted events of types that are not listed' }),
  })
  .meta({ id: 'EventTypeStatistics' });

export const backlog = z
  .object({
    measuredAt: time
      .nullable()
      .meta({ description: 'When the deliveries were counted; null before the first count' }),
    pending: z.int(),
    retrying: z.int(),
    held: z.int(),
    oldestOpenAt: time.nullable().meta({ description: 'When the oldest open delivery was created' }),
    oldestUnattemptedSeconds: z.number().nullable().meta({
      description:
        'Age of the oldest due delivery without an attempt that waits for a worker, and not for its receiver; null if there is none',
    }),
    due: z
      .array(z.object({ at: time, deliveries: z.int() }).meta({ id: 'DueDeliveries' }))
      .meta({ description: 'Deliveries by when they are due: the next two hours in steps of five minutes' }),
    endpoints: z
      .array(
        z
          .object({
            endpoint: z.string(),
            pending: z.int(),
            retrying: z.int(),
            held: z.int(),
            oldestOpenAt: time,
          })
          .meta({ id: 'EndpointBacklog' }),
      )
      .meta({ description: 'The 20 endpoints with the most open deliveries' }),
  })
  .meta({ id: 'Backlog' });
