import { z } from 'zod';
import type { JobAction } from '../../store/recoveries/bulk-jobs.ts';
import type { BulkJob } from '../../store/recoveries/job-row.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { pageQuery, pageSchema, posthornId } from '../http/validation/fields.ts';
import { READ_PROBLEMS } from '../limits/tenant-read-pool.ts';
import type { JobCalls } from './job-calls.ts';

const params = z.object({ id: posthornId });
const listQuery = z.strictObject(pageQuery);
type IdCall = TenantCall<{ params: typeof params }>;

/** What differs between the routes of recoveries and those of cancellations. */
export type JobResource<Schema extends z.ZodType> = {
  path: `/v1/${string}`;
  tag: string;
  /** In summaries and operation ids: `Get a recovery`, `getRecovery`, `listRecoveries`. */
  singular: string;
  plural: string;
  schema: Schema;
  response: (job: BulkJob) => z.output<Schema>;
};

export type JobActionRoute = { action: JobAction; operationId: string; summary: string; description: string };

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** Listing and reading jobs, and the actions that change one. */
export function jobRoutes<Schema extends z.ZodType>(
  { path, tag, singular, plural, schema, response }: JobResource<Schema>,
  jobs: JobCalls,
  actions: JobActionRoute[],
): Route[] {
  return [
    tenantRoute({
      method: 'get',
      path,
      operationId: `list${capitalized(plural)}`,
      tag,
      summary: `List ${plural}, newest first`,
      access: 'consumer',
      query: listQuery,
      responses: { 200: { description: `A page of ${plural}`, schema: pageSchema(schema) } },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: listJobs,
    }),
    tenantRoute({
      method: 'get',
      path: `${path}/{id}`,
      operationId: `get${capitalized(singular)}`,
      tag,
      summary: `Get a ${singular}`,
      access: 'consumer',
      params,
      responses: { 200: { description: `The ${singular}`, schema } },
      problems: READ_PROBLEMS,
      handle: getJob,
    }),
    ...actions.map(actionRoute),
  ];

  function actionRoute({ action, operationId, summary, description }: JobActionRoute): Route {
    return tenantRoute({
      method: 'post',
      path: `${path}/{id}/${action}`,
      operationId,
      rateLimit: 'recoveries',
      tag,
      summary,
      description,
      access: 'consumer',
      needs: 'retry',
      params,
      responses: { 200: { description: `The ${singular}`, schema } },
      problems: ['recovery_final', ...READ_PROBLEMS],
      handle: changeJob,
    });

    async function changeJob({ tenant, params: { id } }: IdCall) {
      return json(200, response(await jobs.change(tenant, id, action)));
    }
  }

  async function listJobs({ tenant, query }: TenantCall<{ query: typeof listQuery }>) {
    const { items, next } = await jobs.list(tenant, pageRequest('id', query));
    return pageResponse('id', items.map(response), next);
  }

  async function getJob({ tenant, params: { id } }: IdCall) {
    return json(200, response(await jobs.find(tenant, id)));
  }
}
