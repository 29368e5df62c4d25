import { z } from 'zod';
import { DELIVERY_STATUSES, OUTCOMES, TRIGGERS } from '../../policy/outcome.ts';
import { time } from '../http/validation/fields.ts';

export const delivery = z
  .object({
    id: z.string(),
    event: z.string(),
    endpoint: z
      .string()
      .nullable()
      .meta({ description: "null if the delivery goes to the event's own target" }),
    status: z.enum(DELIVERY_STATUSES),
    attempts: z.int().min(0).meta({ description: 'Number of attempts made' }),
    nextAttemptAt: time.nullable(),
    lastOutcome: z.enum(OUTCOMES).nullable(),
    reason: z.string().nullable().meta({ description: 'Why the delivery ended without being delivered' }),
    waitingFor: z.string().nullable().meta({ description: 'What a held delivery waits for' }),
    replayOf: z.string().nullable().meta({ description: 'The delivery that this one replays' }),
    workflow: z.object({
      id: z.string().nullable().meta({
        description:
          'null while the delivery waits to be assigned, and during and after a first attempt that needed no workflow',
      }),
      url: z.string().nullable().meta({
        description:
          'Link to the workflow in the Temporal Web UI; null if Temporal no longer keeps it or did not respond in time, or if no workflow was needed',
      }),
    }),
  })
  .meta({ id: 'Delivery' });

export const attempt = z
  .object({
    number: z.int(),
    step: z.int().meta({ description: 'Index in the retry policy; 0 is the immediate attempt' }),
    startedAt: time,
    durationMs: z.int(),
    outcome: z.enum(OUTCOMES),
    statusCode: z.int().nullable(),
    request: z.object({ url: z.string(), headers: z.record(z.string(), z.unknown()) }).nullable(),
    response: z
      .object({
        headers: z.record(z.string(), z.unknown()),
        body: z
          .string()
          .meta({ description: 'At most 16 KiB. Bytes that are not valid UTF-8 are shown as U+FFFD' }),
        truncated: z.boolean(),
      })
      .nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    trigger: z.enum(TRIGGERS),
    resent: z.boolean().meta({
      description:
        'Whether the request was sent a second time within this attempt because a kept connection had been closed',
    }),
  })
  .meta({ id: 'Attempt' });

export type DeliveryResponse = z.output<typeof delivery>;
export type AttemptResponse = z.output<typeof attempt>;
