import { z } from 'zod';
import { OUTCOMES } from '../../policy/outcome.ts';
import { findFailures } from '../../store/recoveries/failures.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { disconnected } from '../http/on-disconnect.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { consumerId, pointInTime, posthornId, time } from '../http/validation/fields.ts';
import type { SearchLimit } from '../limits/search-limit.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { bulkFilter } from './bulk-schemas.ts';

const STATES = ['retrying', 'undeliverable'] as const;

const failureGroup = z
  .object({
    endpoint: z.string().nullable().meta({ description: 'null for the own targets of events' }),
    outcome: z.enum(OUTCOMES).nullable().meta({ description: 'Of the last attempt; null if none was made' }),
    statusCode: z.int().nullable(),
    errorCode: z.string().nullable().meta({
      description:
        'Of the error of the last attempt, such as `ECONNREFUSED`; null if it has none, and for attempts made before codes were kept',
    }),
    state: z.enum(STATES),
    deliveries: z.int(),
    events: z.int(),
    firstAt: time.meta({ description: 'When the oldest of the deliveries was created' }),
    lastAt: time.meta({ description: 'When the newest of the deliveries was created' }),
    nextAttemptAt: time.nullable().meta({ description: 'The next attempt of any of them' }),
    sample: z.string().meta({ description: 'The newest of the deliveries' }),
  })
  .meta({ id: 'FailureGroup' });

const failures = z
  .object({
    items: z.array(failureGroup),
    lookedAt: z.int().meta({
      description: 'How many deliveries that need attention were looked at: of the consumer, if there is one',
    }),
    complete: z.boolean().meta({
      description: 'false if there are more than the newest 50,000, or more than 1,000 groups',
    }),
  })
  .meta({ id: 'Failures' });

const listFailuresQuery = z.strictObject({
  since: pointInTime.optional().meta({ description: 'Only deliveries created at or after this time' }),
  until: pointInTime.optional().meta({ description: 'Only deliveries created before this time' }),
  endpoint: posthornId.optional(),
  consumer: consumerId.optional(),
  state: z.enum(STATES).optional(),
});

export function failureRoutes(
  { clock }: ApiDependencies,
  readPool: TenantReadPool,
  searches: SearchLimit,
): Route[] {
  return [
    tenantRoute({
      method: 'get',
      path: '/v1/failures',
      operationId: 'listFailures',
      tag: 'Failures',
      summary: 'List what needs attention, in groups with the same cause',
      description:
        'Deliveries that are `retrying`, or `undeliverable` with neither a replay nor a dismissal, grouped by endpoint, outcome, status code, error code and state; the largest group first. Looks at no more than the newest 50,000; a project may run two at a time.',
      access: 'consumer',
      query: listFailuresQuery,
      responses: { 200: { description: 'The groups', schema: failures } },
      problems: READ_PROBLEMS,
      handle: listFailures,
    }),
  ];

  async function listFailures({ tenant, query, response }: TenantCall<{ query: typeof listFailuresQuery }>) {
    const { state = null, ...rest } = query;
    await clock.whenSynced();
    const filter = bulkFilter(tenant, rest, clock.now());
    if (filter === null) return json(200, { items: [], lookedAt: 0, complete: true });
    const { projectId } = tenant;
    const db = readPool(tenant, disconnected(response));
    return json(200, await searches.run(tenant, () => findFailures(db, projectId, filter, state)));
  }
}
