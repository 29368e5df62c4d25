import { z } from 'zod';
import { OUTCOMES } from '../../policy/outcome.ts';
import { pointInTime, time } from '../http/validation/fields.ts';
import { filterFields, listedDeliveries } from './bulk-schemas.ts';

const MAX_RATE = 1_000;
export const DEFAULT_RATE = 50;

const scopeFields = {
  ...filterFields,
  since: pointInTime.optional().meta({ description: 'Inclusive. Required without `deliveries`' }),
  until: pointInTime.optional().meta({ description: 'Exclusive. Default: now' }),
  deliveries: listedDeliveries.optional(),
  dryRun: z.boolean().optional().meta({ description: 'Only counts: nothing is stored or sent' }),
};

type ScopeInput = Partial<Record<'deliveries' | 'since' | keyof typeof filterFields | 'until', unknown>>;

/** Adds an error for each member that contradicts another one. */
function checkScope({ deliveries, since, ...filter }: ScopeInput, context: z.RefinementCtx): void {
  const add = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  if (deliveries === undefined) {
    if (since === undefined) add('since', 'is required without `deliveries`');
    return;
  }
  const names = ['endpoint', 'consumer', 'type', 'outcome', 'statusCode', 'errorCode', 'until'] as const;
  for (const name of names.filter((name) => filter[name] !== undefined))
    add(name, 'must be left out with `deliveries`');
  if (since !== undefined) add('since', 'must be left out with `deliveries`');
}

export const newRecovery = z
  .strictObject({
    what: z.enum(['failed', 'missing']).optional().meta({
      description:
        '`failed`: `undeliverable` deliveries that are neither replayed nor dismissed. `missing`: events without a delivery to `endpoint` that match what it subscribes to now. May be left out with `deliveries`',
    }),
    ...scopeFields,
    rate: z
      .int()
      .min(1)
      .max(MAX_RATE)
      .optional()
      .meta({
        description: `Deliveries a second; ${DEFAULT_RATE} by default`,
      }),
  })
  .superRefine(({ what, ...scope }, context) => {
    const add = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    checkScope(scope, context);
    if (what === undefined && scope.deliveries === undefined) add('what', 'is required without `deliveries`');
    if (what !== 'missing') return;
    if (scope.deliveries !== undefined) add('what', 'must be `failed` with `deliveries`');
    else if (scope.endpoint === undefined) add('endpoint', 'is required for what is missing');
    for (const name of ['outcome', 'statusCode', 'errorCode'] as const)
      if (scope[name] !== undefined) add(name, 'must be left out for what is missing');
  })
  .meta({ id: 'NewRecovery' });

export const newCancellation = z
  .strictObject(scopeFields)
  .superRefine(checkScope)
  .meta({ id: 'NewCancellation' });

export const preview = z
  .object({
    matches: z.int(),
    capped: z.boolean().meta({
      description: 'Whether there may be more: no more than 20,000 were looked at, for at most 1.5 seconds',
    }),
    oldestAt: time.nullable(),
    newestAt: time.nullable(),
    endpoints: z.int().meta({ description: 'How many endpoints they go to' }),
  })
  .meta({ id: 'RecoveryPreview' });

const filter = z.object({
  endpoint: z.string().nullable(),
  consumer: z.string().nullable(),
  type: z.string().nullable(),
  outcome: z.enum(OUTCOMES).nullable(),
  statusCode: z.int().nullable(),
  errorCode: z.string().nullable(),
  since: time.nullable(),
  until: time.nullable(),
  deliveries: z.int().nullable().meta({ description: 'How many deliveries were listed' }),
});

const jobFields = {
  id: z.string(),
  status: z.enum(['running', 'paused', 'done', 'cancelled']),
  total: z.int().nullable().meta({ description: 'null while they are being counted' }),
  startedAt: time,
  endedAt: time.nullable(),
  startedBy: z.string().meta({ description: 'The id of the key, or `admin`' }),
};

export const recovery = z
  .object({
    ...jobFields,
    filter: filter.extend({ what: z.enum(['failed', 'missing']) }),
    done: z.int().meta({ description: 'New deliveries so far' }),
    skipped: z.int().meta({
      description: 'Not sent: somebody else has sent them again meanwhile, or their endpoint is deleted',
    }),
    delivered: z.int().meta({ description: 'Of the new deliveries, at most 2 seconds old' }),
    undeliverable: z.int(),
    cancelled: z.int(),
    open: z.int(),
    rate: z.int().meta({ description: 'Deliveries a second' }),
  })
  .meta({ id: 'Recovery' });

export const cancellation = z
  .object({
    ...jobFields,
    filter,
    done: z.int().meta({ description: 'Deliveries cancelled, or to be cancelled by a POST in flight' }),
    skipped: z.int().meta({ description: 'Deliveries that settled meanwhile' }),
  })
  .meta({ id: 'Cancellation' });
