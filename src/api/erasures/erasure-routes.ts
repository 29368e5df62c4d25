import { z } from 'zod';
import { beginErasure, beginProjectErasure } from '../../store/erasures/begin-erasure.ts';
import { findErasure, listErasures } from '../../store/erasures/erasures.ts';
import { newId } from '../../store/postgres/ids.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import {
  type Call,
  json,
  plainRoute,
  type Route,
  type SharedCall,
  sharedRoute,
  type TenantCall,
  tenantRoute,
} from '../http/route.ts';
import { eventId, pageQuery, pageSchema, posthornId } from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { erasureBegun, erasureResponse } from './erasure-response.ts';
import { erasure } from './erasure-schemas.ts';

const tag = 'Erasures';
const ADMIN = { projectId: '', consumer: null };

const listErasuresQuery = z.strictObject(pageQuery);
const params = z.object({ id: posthornId });
const eventParams = z.object({ id: eventId });
const projectParams = z.object({ id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) });

const BEGUN = { 202: { description: 'The job that erases it', schema: erasure } };
const JOB =
  'Erasing is a job that outlives this call: `GET /v1/erasures/{id}` reports its end. Open deliveries are cancelled, and attempts under way end first. A repeated call returns the same job.';

export function erasureRoutes(
  { pool, clock, config, erasureJobs }: ApiDependencies,
  authentication: Authentication,
  readPool: TenantReadPool,
): Route[] {
  return [
    tenantRoute({
      method: 'delete',
      path: '/v1/events/{id}',
      operationId: 'deleteEvent',
      rateLimit: 'erasures',
      tag: 'Events',
      summary: 'Erase an event with its deliveries, attempts and outcomes',
      description: `${JOB} Afterwards the id is no longer recognised: an event that is posted with it is a new one.`,
      access: 'project',
      params: eventParams,
      responses: BEGUN,
      problems: ['quota_exceeded'],
      handle: deleteEvent,
    }),
    plainRoute({
      method: 'delete',
      path: '/v1/projects/{id}',
      operationId: 'deleteProject',
      tag: 'Projects',
      summary: 'Erase a project with everything in it',
      description: `Its keys stop working within a second. ${JOB}`,
      access: 'admin',
      params: projectParams,
      responses: BEGUN,
      handle: deleteProject,
    }),
    sharedRoute({
      method: 'get',
      path: '/v1/erasures',
      operationId: 'listErasures',
      tag,
      summary: 'List erasures, newest first',
      description: 'Those of one project; with the admin key and no project, all.',
      access: 'shared',
      query: listErasuresQuery,
      responses: { 200: { description: 'A page of erasures', schema: pageSchema(erasure) } },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: handleListErasures,
    }),
    sharedRoute({
      method: 'get',
      path: '/v1/erasures/{id}',
      operationId: 'getErasure',
      tag,
      summary: 'Get an erasure',
      description: 'With the admin key and no project, of any project, also of one that is gone.',
      access: 'shared',
      params,
      responses: { 200: { description: 'The erasure', schema: erasure } },
      handle: getErasure,
    }),
  ];

  async function deleteEvent({
    tenant: { projectId },
    params: { id: subject },
  }: TenantCall<{ params: typeof eventParams }>) {
    const job = { id: newId('era', clock.now()), projectId, subject };
    const { erasuresOfProject } = config.quotas;
    return erasureBegun(erasureJobs, await mapOutage(beginErasure(pool, 'event', job, erasuresOfProject)));
  }

  async function deleteProject({ params: { id } }: Call<{ params: typeof projectParams }>) {
    const stored = await mapOutage(beginProjectErasure(pool, newId('era', clock.now()), id));
    authentication.invalidate(id);
    return erasureBegun(erasureJobs, stored);
  }

  async function handleListErasures({ tenant, query }: SharedCall<{ query: typeof listErasuresQuery }>) {
    const db = readPool(tenant ?? ADMIN);
    const page = await listErasures(db, tenant?.projectId ?? null, pageRequest('id', query));
    return pageResponse('id', page.items.map(erasureResponse), page.next);
  }

  async function getErasure({ tenant, params: { id } }: SharedCall<{ params: typeof params }>) {
    const found = await findErasure(readPool(tenant ?? ADMIN), tenant?.projectId ?? null, id);
    if (!found) throw new Problem('not_found');
    return json(200, erasureResponse(found));
  }
}
