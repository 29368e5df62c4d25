import { z } from 'zod';
import { DELIVERY_STATUSES, OUTCOMES, TRIGGERS } from '../../policy/outcome.ts';
import { WAIT_REASONS } from '../../policy/waiting.ts';
import { time } from '../http/validation/fields.ts';

export const delivery = z
  .object({
    id: z.string(),
    event: z.string(),
    sequence: z.int().min(1).meta({ description: "The event's sequence" }),
    endpoint: z
      .string()
      .nullable()
      .meta({ description: "null if the delivery goes to the event's own target" }),
    status: z.enum(DELIVERY_STATUSES),
    attempts: z.int().min(0).meta({ description: 'Number of attempts made' }),
    nextAttemptAt: time.nullable(),
    lastOutcome: z.enum(OUTCOMES).nullable(),
    reason: z.string().nullable().meta({
      description:
        'Why the delivery ended without being delivered: `exhausted`, `gone`, `final_status`, `expired`, `cancelled`, `endpoint_deleted`, `erased`',
    }),
    waitingFor: z.enum(WAIT_REASONS).nullable().meta({
      description: 'What the delivery waits for; null while an attempt is under way, and once it is settled',
    }),
    waitingUntil: time.nullable().meta({ description: 'When that ends; null if it is not known' }),
    replayOf: z.string().nullable().meta({ description: 'The delivery that this one replays' }),
    replayedBy: z.string().nullable().meta({ description: 'The newest delivery that replays this one' }),
    recovery: z.string().nullable().meta({ description: 'The recovery that made it' }),
    createdAt: time,
    settledAt: time.nullable(),
    consumer: z.string().nullable(),
    eventType: z.string(),
    test: z.boolean(),
    lastStatusCode: z.int().nullable(),
    lastErrorCode: z.string().nullable().meta({
      description: 'The code of the error of the last attempt, such as `ECONNREFUSED`',
    }),
    cancelRequested: z.boolean().meta({
      description: 'Whether it is to be cancelled, and a POST in flight decides',
    }),
    dismissedAt: time.nullable().meta({
      description: 'When it was dismissed: nobody will fix it, and it needs no attention',
    }),
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

export const deliveryDetails = delivery
  .extend({
    policy: z
      .object({
        delays: z.array(z.int()).meta({ description: 'Seconds before each retry' }),
        timeout: z.int().meta({ description: 'Seconds that an attempt may take' }),
        jitter: z.number(),
        finalStatuses: z.array(z.string()).meta({ description: 'Responses that end it at once' }),
      })
      .meta({ description: 'The retry policy under which it is sent' }),
    expiresAt: time.nullable().meta({ description: 'When its event expires' }),
    plannedAttempts: z.array(z.object({ step: z.int(), at: time })).meta({
      description:
        'The attempts that are left and the earliest time of each, if all before it fail. Empty while the delivery is held, and once it is final',
    }),
    profile: z
      .object({ name: z.string(), version: z.int() })
      .meta({ description: 'The profile under which its event was accepted' }),
  })
  .meta({ id: 'DeliveryDetails' });

const storedHeaders = z.record(z.string(), z.unknown()).nullable().meta({
  description: 'null if they are not stored, or have been removed by the `payloadRetention` of the project',
});

export const attempt = z
  .object({
    number: z.int(),
    step: z.int().meta({ description: 'Index in the retry policy; 0 is the immediate attempt' }),
    startedAt: time,
    durationMs: z.int(),
    outcome: z.enum(OUTCOMES),
    statusCode: z.int().nullable(),
    request: z.object({ url: z.string(), headers: storedHeaders }).nullable(),
    response: z
      .object({
        headers: storedHeaders,
        body: z
          .string()
          .nullable()
          .meta({ description: 'At most 16 KiB. Bytes that are not valid UTF-8 are shown as U+FFFD' }),
        bytes: z.int().optional().meta({
          description:
            'The size of the body, instead of the body: in a session of the portal without `payloads`',
        }),
        truncated: z.boolean(),
      })
      .nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    trigger: z.enum(TRIGGERS),
    resent: z.boolean().meta({
      description:
        'Whether the request was sent a second time within this attempt because a kept connection had been closed, or because the receiver had refused an access token',
    }),
  })
  .meta({ id: 'Attempt' });

export type DeliveryResponse = z.output<typeof delivery>;
export type DeliveryDetailsResponse = z.output<typeof deliveryDetails>;
export type AttemptResponse = z.output<typeof attempt>;
