import type { Queryable } from '../../store/postgres/database.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { disconnected } from '../http/on-disconnect.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import type { SearchLimit } from '../limits/search-limit.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { bulkFilter } from './bulk-schemas.ts';
import { createJobCalls } from './job-calls.ts';
import { cancellationResponse, previewResponse } from './job-responses.ts';
import { type JobResource, jobRoutes } from './job-routes.ts';
import { cancellation, newCancellation, preview } from './job-schemas.ts';

const tag = 'Cancellations';

const CANCELLATIONS: JobResource<typeof cancellation> = {
  path: '/v1/cancellations',
  tag,
  singular: 'cancellation',
  plural: 'cancellations',
  schema: cancellation,
  response: cancellationResponse,
};

export function cancellationRoutes(
  deps: ApiDependencies,
  db: Queryable,
  readPool: TenantReadPool,
  searches: SearchLimit,
): Route[] {
  const jobs = createJobCalls(deps, db, readPool, searches, 'can');

  return [
    tenantRoute({
      method: 'post',
      path: '/v1/cancellations',
      operationId: 'createCancellation',
      rateLimit: 'recoveries',
      tag,
      summary: 'Cancel many open deliveries',
      description:
        'One durable job, oldest first. If a POST is in flight, its result decides, as when a single delivery is cancelled.',
      access: 'consumer',
      needs: 'retry',
      body: newCancellation,
      responses: {
        200: { description: 'With `dryRun`: what would be cancelled', schema: preview },
        202: { description: 'The job is stored and will run', schema: cancellation },
      },
      problems: ['not_found', 'quota_exceeded', ...READ_PROBLEMS],
      handle: createCancellation,
    }),
    ...jobRoutes(CANCELLATIONS, jobs, [
      {
        action: 'cancel',
        operationId: 'stopCancellation',
        summary: 'End a cancellation before it is done',
        description: 'Deliveries that have been cancelled stay cancelled.',
      },
    ]),
  ];

  async function createCancellation({
    tenant,
    body,
    response,
  }: TenantCall<{ body: typeof newCancellation }>) {
    const { deliveries, dryRun = false, ...input } = body;
    await deps.clock.whenSynced();
    const filter = bulkFilter(tenant, input, deps.clock.now());
    if (filter === null) throw new Problem('not_found', 'A consumer key reaches its own consumer only.');
    const deliveryIds = deliveries ?? null;
    const result = await jobs.start(tenant, {
      kind: 'cancel',
      filter,
      deliveryIds,
      rate: null,
      dryRun,
      disconnected: disconnected(response),
    });
    return result.kind === 'preview'
      ? json(200, previewResponse(result.preview))
      : json(202, cancellationResponse(result.job));
  }
}
