import { z } from 'zod';
import { OUTCOMES } from '../../policy/outcome.ts';
import type { BulkFilter } from '../../store/recoveries/bulk-filter.ts';
import type { Tenant } from '../auth/tenant.ts';
import { consumerId, dateOf, name, posthornId } from '../http/validation/fields.ts';

/** What a bulk call is about, without its times. */
export const filterFields = {
  endpoint: posthornId.optional(),
  consumer: consumerId.optional(),
  type: name.optional().meta({ description: 'The type of the event' }),
  outcome: z.enum(OUTCOMES).optional().meta({ description: 'The outcome of the last attempt' }),
  statusCode: z
    .int()
    .min(100)
    .max(999)
    .optional()
    .meta({ description: 'The status code of the last attempt' }),
  errorCode: name
    .optional()
    .meta({ description: 'The code of the error of the last attempt, such as `ECONNREFUSED`' }),
};

const MAX_LISTED_DELIVERIES = 1_000;
export const listedDeliveries = z.array(posthornId).min(1).max(MAX_LISTED_DELIVERIES).meta({
  description: 'Their ids. Those that are not yours, or to which this does not apply, are left out',
});

type FilterInput = {
  endpoint?: string | undefined;
  consumer?: string | undefined;
  type?: string | undefined;
  outcome?: string | undefined;
  statusCode?: number | undefined;
  errorCode?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
};

/** Includes deliveries that other processes create in the same moment. */
const NOW_TOLERANCE_MS = 1_000;

/** The filter of a call, within what its tenant may reach; null if it asks for another consumer. */
export function bulkFilter(tenant: Tenant, input: FilterInput, nowMs: number): BulkFilter | null {
  const { endpoint = null, type = null, outcome = null, statusCode = null } = input;
  const { errorCode = null, consumer = tenant.consumer } = input;
  if (tenant.consumer !== null && consumer !== tenant.consumer) return null;
  const latest = nowMs + NOW_TOLERANCE_MS;
  // Nothing is older or newer. As JSON, a time before the year 1 or after 9999 is none that Postgres can read.
  const bounded = (time: string | undefined, otherwise: number): Date =>
    new Date(Math.min(Math.max(dateOf(time)?.getTime() ?? otherwise, 0), latest));
  const since = bounded(input.since, 0);
  const until = bounded(input.until, latest);
  const eventsSince = tenant.since;
  return { endpoint, consumer, type, outcome, statusCode, errorCode, since, until, eventsSince };
}
