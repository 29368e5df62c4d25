import { z } from 'zod';
import { SCHEDULE_NAMES } from '../../policy/policy-override.ts';
import { finalStatuses } from '../../profiles/profile.ts';
import { duration } from '../http/validation/fields.ts';

const DAY = 86_400;

const overrideMembers = {
  schedule: z.enum(SCHEDULE_NAMES).optional().meta({
    description:
      'Named delays: `default` is 1 m, 5 m, 30 m, 2 h; `three-days` is 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h',
  }),
  delays: z
    .array(duration(0, 30 * DAY, 'at most 30 days'))
    .max(20)
    .optional()
    .meta({
      description: 'Delays between attempts, instead of `schedule`',
      example: ['1m', '5m', '30m', '2h'],
    }),
  timeout: duration(1, 60, '1 to 60 seconds').optional().meta({ example: '15s' }),
  jitter: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({ description: 'Fraction of each delay; up to this much is added at random' }),
  finalStatuses: finalStatuses
    .optional()
    .meta({ description: 'Responses that end a delivery at once', example: ['400', '422', '5xx'] }),
};

export const policyOverride = z
  .strictObject(overrideMembers)
  .refine(({ schedule, delays }) => schedule === undefined || delays === undefined, {
    path: ['delays'],
    message: 'must be left out if schedule is set',
  })
  .meta({
    id: 'PolicyOverride',
    description:
      "Overrides parts of the retry policy: a project's those of its profile, an endpoint's those of its project",
  });

const policySource = z.enum(['endpoint', 'project', 'profile']);

export const policyInForce = z
  .object({
    delays: z.array(z.int()).meta({ description: 'Seconds before each retry' }),
    timeout: z.int().meta({ description: 'Seconds that an attempt may take' }),
    jitter: z.number(),
    finalStatuses: z.array(z.string()),
    sources: z
      .object({
        delays: policySource,
        timeout: policySource,
        jitter: policySource,
        finalStatuses: policySource,
      })
      .meta({ description: 'What sets each member' }),
  })
  .meta({ id: 'PolicyInForce', description: 'The retry policy of new deliveries to the endpoint' });
