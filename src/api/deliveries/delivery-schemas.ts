import { z } from 'zod';
import { DELIVERY_STATUSES, OUTCOMES, TRIGGERS } from '../../policy/outcome.ts';
import { time } from '../http/validation/fields.ts';

export const delivery = z
  .object({
    id: z.string(),
    event: z.string(),
    endpoint: z.string().nullable().meta({ description: "null: the event's own target" }),
    status: z.enum(DELIVERY_STATUSES),
    attempts: z.int().min(0).meta({ description: 'How many were made' }),
    nextAttemptAt: time.nullable(),
    lastOutcome: z.enum(OUTCOMES).nullable(),
    reason: z.string().nullable().meta({ description: 'Why it became final without being delivered' }),
    waitingFor: z.string().nullable().meta({ description: 'What a held delivery waits for' }),
    replayOf: z.string().nullable().meta({ description: 'The delivery that this one repeats' }),
    workflow: z.object({
      id: z.string().nullable(),
      url: z.string().nullable().meta({
        description:
          'Its page in the Temporal Web UI; null when Temporal does not keep it, or did not say in time',
      }),
    }),
  })
  .meta({ id: 'Delivery' });

export const attempt = z
  .object({
    number: z.int(),
    step: z.int().meta({ description: 'The place in the policy: 0 is the immediate attempt' }),
    startedAt: time,
    durationMs: z.int(),
    outcome: z.enum(OUTCOMES),
    statusCode: z.int().nullable(),
    request: z.object({ url: z.string(), headers: z.record(z.string(), z.unknown()) }).nullable(),
    response: z
      .object({
        headers: z.record(z.string(), z.unknown()),
        body: z.string().meta({ description: 'At most 16 KiB; what is not UTF-8 shows as U+FFFD' }),
        truncated: z.boolean(),
      })
      .nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    trigger: z.enum(TRIGGERS),
    resent: z.boolean().meta({ description: 'A stale connection made us send once more within the attempt' }),
  })
  .meta({ id: 'Attempt' });

export type DeliveryResponse = z.output<typeof delivery>;
export type AttemptResponse = z.output<typeof attempt>;
