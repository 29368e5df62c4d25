import { findEndpoint } from '../../store/endpoints/endpoints.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import type { Tenant } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { disconnected } from '../http/on-disconnect.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import type { SearchLimit } from '../limits/search-limit.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { bulkFilter } from './bulk-schemas.ts';
import { createJobCalls } from './job-calls.ts';
import { previewResponse, recoveryResponse } from './job-responses.ts';
import { type JobResource, jobRoutes } from './job-routes.ts';
import { DEFAULT_RATE, newRecovery, preview, recovery } from './job-schemas.ts';

const tag = 'Recoveries';

const RECOVERIES: JobResource<typeof recovery> = {
  path: '/v1/recoveries',
  tag,
  singular: 'recovery',
  plural: 'recoveries',
  schema: recovery,
  response: recoveryResponse,
};

const ACTION = {
  description:
    'Takes effect within about 4 seconds. Deliveries that have been made stay: they are sent, or fail, as any other.',
};

export function recoveryRoutes(
  deps: ApiDependencies,
  db: Queryable,
  readPool: TenantReadPool,
  searches: SearchLimit,
): Route[] {
  const jobs = createJobCalls(deps, db, readPool, searches, 'rec');

  return [
    tenantRoute({
      method: 'post',
      path: '/v1/recoveries',
      operationId: 'createRecovery',
      rateLimit: 'recoveries',
      tag,
      summary: 'Send again what failed, or what an endpoint missed',
      description:
        'One durable job, oldest first, at `rate` deliveries a second. Each delivery is taken once: whoever sets its `replayedBy` first sends it. Live traffic goes first.',
      access: 'consumer',
      needs: 'retry',
      body: newRecovery,
      responses: {
        200: { description: 'With `dryRun`: what would be sent', schema: preview },
        202: { description: 'The job is stored and will run', schema: recovery },
      },
      problems: ['not_found', 'quota_exceeded', ...READ_PROBLEMS],
      handle: createRecovery,
    }),
    ...jobRoutes(RECOVERIES, jobs, [
      { ...ACTION, action: 'pause', operationId: 'pauseRecovery', summary: 'Pause a recovery' },
      {
        ...ACTION,
        action: 'resume',
        operationId: 'resumeRecovery',
        summary: 'Resume a paused recovery where it was',
      },
      {
        ...ACTION,
        action: 'cancel',
        operationId: 'cancelRecovery',
        summary: 'End a recovery before it is done',
      },
    ]),
  ];

  async function createRecovery({ tenant, body, response }: TenantCall<{ body: typeof newRecovery }>) {
    const { what, deliveries, rate = DEFAULT_RATE, dryRun = false, ...input } = body;
    await deps.clock.whenSynced();
    const consumer = what === 'missing' ? await consumerOf(tenant, body.endpoint!) : undefined;
    const filter = bulkFilter(tenant, input, deps.clock.now());
    if (filter === null) throw new Problem('not_found', 'A consumer key reaches its own consumer only.');
    const result = await jobs.start(tenant, {
      kind: what === 'missing' ? 'recover_missing' : 'recover_failed',
      filter: consumer === undefined ? filter : { ...filter, consumer },
      deliveryIds: deliveries ?? null,
      rate,
      dryRun,
      disconnected: disconnected(response),
    });
    return result.kind === 'preview'
      ? json(200, previewResponse(result.preview))
      : json(202, recoveryResponse(result.job));
  }

  /** An endpoint misses only events of its own consumer. */
  async function consumerOf(tenant: Tenant, endpointId: string): Promise<string | null> {
    const endpoint = await findEndpoint(readPool(tenant), tenant, endpointId);
    if (!endpoint) throw new Problem('not_found', 'The endpoint does not exist.');
    return endpoint.consumer;
  }
}
