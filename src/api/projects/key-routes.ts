import { z } from 'zod';
import type { Queryable } from '../../store/postgres/database.ts';
import { newId } from '../../store/postgres/ids.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import { deleteApiKey, insertApiKey, listApiKeys } from '../../store/projects/api-keys.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import { noContent, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { consumerId, pageQuery, pageSchema, posthornId } from '../http/validation/fields.ts';
import {
  createdResponse,
  IDEMPOTENCY_KEY_HEADER,
  IDEMPOTENCY_PROBLEMS,
  idempotentCall,
} from '../idempotency/idempotent-call.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { apiKey, createdKey, newKey } from './key-schemas.ts';

const tag = 'Keys';

const listKeysQuery = z.strictObject({
  ...pageQuery,
  consumer: consumerId.optional().meta({ description: 'Only keys of this consumer' }),
});
const params = z.object({ id: posthornId });

export function keyRoutes(
  { pool, secretBox, clock, config }: Pick<ApiDependencies, 'pool' | 'secretBox' | 'clock' | 'config'>,
  db: Queryable,
  authentication: Authentication,
  readPool: TenantReadPool,
): Route[] {
  return [
    tenantRoute({
      method: 'post',
      path: '/v1/keys',
      operationId: 'createKey',
      rateLimit: 'keyChanges',
      tag,
      summary: 'Create an API key for the project or for one consumer',
      description:
        'With `access: "read"`, the key may only GET and HEAD; any other call gets 403 `read_only`, also one that changes nothing, such as a preview or a dry run. To be able to repeat the call, send an `Idempotency-Key`.',
      access: 'project',
      requestHeaders: IDEMPOTENCY_KEY_HEADER,
      body: newKey,
      bodyOptional: true,
      responses: {
        200: {
          description: 'The response to the first call with this `Idempotency-Key`',
          schema: createdKey,
        },
        201: { description: 'The key, returned only once', schema: createdKey },
      },
      problems: ['quota_exceeded', ...IDEMPOTENCY_PROBLEMS],
      handle: createKey,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/keys',
      operationId: 'listKeys',
      tag,
      summary: 'List API keys, newest first',
      access: 'project',
      query: listKeysQuery,
      responses: {
        200: { description: 'A page of keys, without their values', schema: pageSchema(apiKey) },
      },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: listKeys,
    }),
    tenantRoute({
      method: 'delete',
      path: '/v1/keys/{id}',
      operationId: 'deleteKey',
      rateLimit: 'keyChanges',
      tag,
      summary: 'Delete an API key',
      description: 'The key stops working within 1 second.',
      access: 'project',
      params,
      responses: { 204: { description: 'Deleted' } },
      handle: deleteKey,
    }),
  ];

  function createKey({ tenant, body, request }: TenantCall<{ body: typeof newKey }>) {
    const { projectId } = tenant;
    const consumer = body.consumer ?? null;
    const id = newId('key', clock.now());
    const { key, hash } = authentication.newKey(consumer === null ? 'ph' : 'phc');
    const call = idempotentCall(secretBox, tenant, request, 'createKey', body);
    const created: z.output<typeof createdKey> = { id, key };
    const { access = 'full', name = null } = body;
    const row = { id, projectId, consumer, hash, access, name };
    return createdResponse<typeof created>(
      mapOutage(insertApiKey(pool, row, { quotas: config.quotas, call }, created)),
    );
  }

  async function listKeys({ tenant, query }: TenantCall<{ query: typeof listKeysQuery }>) {
    const { consumer, ...rest } = query;
    const page = await listApiKeys(readPool(tenant), tenant.projectId, pageRequest('id', rest), consumer);
    return pageResponse('id', page.items, page.next);
  }

  async function deleteKey({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    if (!(await deleteApiKey(db, tenant.projectId, id))) throw new Problem('not_found');
    authentication.invalidate(tenant.projectId);
    return noContent();
  }
}
