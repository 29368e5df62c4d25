import { z } from 'zod';
import { listEndpoints } from '../../store/endpoints/endpoint-lists.ts';
import { type Endpoint, findEndpoint } from '../../store/endpoints/endpoints.ts';
import { updateEndpoint } from '../../store/endpoints/update-endpoint.ts';
import {
  createOperationalProject,
  OPERATIONAL_PROFILE,
} from '../../store/operational/operational-project.ts';
import { beginDigest } from '../../store/operational/undeliverable-digests.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import { QuotaReached } from '../../store/projects/enforce-quota.ts';
import type { Tenant } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { deleteEndpoint } from '../endpoints/delete-endpoint.ts';
import { secretTimes } from '../endpoints/endpoint-response.ts';
import { secretRotation } from '../endpoints/endpoint-schemas.ts';
import { registerEndpoint } from '../endpoints/register-endpoint.ts';
import { rotateSecret } from '../endpoints/rotate-secret.ts';
import { mapUidTaken } from '../endpoints/same-endpoint.ts';
import { checkedEndpointUrl } from '../endpoints/settings/target-urls.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { pageQuery, pageSchema, posthornId } from '../http/validation/fields.ts';
import {
  IDEMPOTENCY_KEY_HEADER,
  IDEMPOTENCY_PROBLEMS,
  idempotentCall,
} from '../idempotency/idempotent-call.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { operationalDeliveriesRoute } from './operational-deliveries-route.ts';
import {
  createdOperationalEndpoint,
  newOperationalEndpoint,
  operationalEndpoint,
  operationalEndpointChanges,
} from './operational-endpoint-schemas.ts';
import { operationalTenant } from './operational-tenant.ts';

const tag = 'Operational endpoints';
const path = '/v1/operational-endpoints';

const params = z.object({ id: posthornId });
const listQuery = z.strictObject(pageQuery);

/** Endpoints of the project's owner. They are rows of a hidden project, under the rules of the profile standard-webhooks. */
export function operationalEndpointRoutes(
  deps: ApiDependencies,
  db: Queryable,
  readPool: TenantReadPool,
): Route[] {
  const { pool, guard, config, profiles, endpointStates, deliveryCommands } = deps;
  const profile = profiles.shipped.get(OPERATIONAL_PROFILE)!;
  const max = config.quotas.operationalEndpointsOfProject;
  const quotas = { ...config.quotas, endpointsOfProject: max, endpointsWithoutConsumer: max };
  const registration = { ...deps, config: { ...config, quotas } };

  const hidden = (tenant: Tenant): Tenant => operationalTenant(tenant, profile);
  const responseOf = (tenant: Tenant, found: Endpoint) => {
    const { id, uid, url, events: types, status, createdAt, updatedAt } = found;
    const secrets = secretTimes(deps, hidden(tenant).projectId, found);
    return { id, uid, url, types, status, secrets, createdAt, updatedAt };
  };

  return [
    tenantRoute({
      method: 'post',
      path,
      operationId: 'createOperationalEndpoint',
      rateLimit: 'settingChanges',
      tag,
      summary: 'Create an endpoint that is told what happens to the endpoints of the project',
      description:
        'It receives operational events as Standard Webhooks, with the same retries as any delivery. The response is the only one that contains the secret. To be able to repeat the call, give the endpoint a `uid`, or send an `Idempotency-Key`.',
      access: 'project',
      requestHeaders: IDEMPOTENCY_KEY_HEADER,
      body: newOperationalEndpoint,
      responses: {
        200: {
          description:
            'The endpoint that has this `uid`, without its secret; or the response to the first call with this `Idempotency-Key`',
          schema: createdOperationalEndpoint,
        },
        201: { description: 'The endpoint, with its secret', schema: createdOperationalEndpoint },
      },
      problems: ['invalid_url', 'quota_exceeded', 'uid_conflict', ...IDEMPOTENCY_PROBLEMS],
      handle: createOperationalEndpoint,
    }),
    tenantRoute({
      method: 'get',
      path,
      operationId: 'listOperationalEndpoints',
      tag,
      summary: 'List operational endpoints, newest first',
      access: 'project',
      query: listQuery,
      responses: { 200: { description: 'A page of endpoints', schema: pageSchema(operationalEndpoint) } },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: listOperationalEndpoints,
    }),
    tenantRoute({
      method: 'get',
      path: `${path}/{id}`,
      operationId: 'getOperationalEndpoint',
      tag,
      summary: 'Get an operational endpoint',
      access: 'project',
      params,
      responses: { 200: { description: 'The endpoint', schema: operationalEndpoint } },
      handle: getOperationalEndpoint,
    }),
    tenantRoute({
      method: 'patch',
      path: `${path}/{id}`,
      operationId: 'changeOperationalEndpoint',
      rateLimit: 'settingChanges',
      tag,
      summary: 'Update an operational endpoint',
      description: 'Omitted members stay unchanged.',
      access: 'project',
      params,
      body: operationalEndpointChanges,
      responses: { 200: { description: 'The updated endpoint', schema: operationalEndpoint } },
      problems: ['invalid_url', 'uid_conflict'],
      handle: changeOperationalEndpoint,
    }),
    tenantRoute({
      method: 'delete',
      path: `${path}/{id}`,
      operationId: 'deleteOperationalEndpoint',
      rateLimit: 'settingChanges',
      tag,
      summary: 'Delete an operational endpoint',
      access: 'project',
      params,
      responses: { 204: { description: 'Deleted' } },
      handle: (call) => deleteEndpoint(deliveryCommands, hidden(call.tenant), call.params.id),
    }),
    tenantRoute({
      method: 'post',
      path: `${path}/{id}/rotate-secret`,
      operationId: 'rotateOperationalSecret',
      rateLimit: 'secretRotations',
      tag,
      summary: 'Rotate the secret of an operational endpoint',
      description:
        'The response is the only one that contains the new secret. During `overlap` the previous secret signs as well.',
      access: 'project',
      params,
      body: secretRotation,
      bodyOptional: true,
      responses: {
        200: { description: 'The endpoint, with its new secret', schema: createdOperationalEndpoint },
      },
      handle: rotateOperationalSecret,
    }),
    operationalDeliveriesRoute(deps, profile, readPool),
  ];

  async function createOperationalEndpoint({
    tenant,
    body,
    request,
  }: TenantCall<{ body: typeof newOperationalEndpoint }>) {
    const { types, ...rest } = body;
    const call = idempotentCall(deps.secretBox, tenant, request, 'createOperationalEndpoint', body);
    await createOperationalProject(db, tenant.projectId);
    const input = { ...rest, ...(types && { events: types }) };
    const created = registerEndpoint(
      registration,
      hidden(tenant),
      input,
      call,
      ({ endpoint, secretField }) => ({
        ...responseOf(tenant, endpoint),
        ...secretField,
      }),
    );
    const response = await created.catch(asOperationalProblem);
    await beginDigest(db, tenant.projectId);
    return response;
  }

  function asOperationalProblem(error: unknown): never {
    if (error instanceof QuotaReached) throw new QuotaReached('operationalEndpointsOfProject', max);
    if (!(error instanceof Problem) || error.code !== 'uid_conflict') throw error;
    const errors = error.errors.map(({ pointer, detail }) => ({
      pointer: pointer.replace(/^\/events/, '/types'),
      detail,
    }));
    throw new Problem('uid_conflict', undefined, { errors });
  }

  async function listOperationalEndpoints({ tenant, query }: TenantCall<{ query: typeof listQuery }>) {
    const page = await listEndpoints(readPool(tenant), hidden(tenant), {}, pageRequest('id', query));
    return pageResponse(
      'id',
      page.items.map((found) => responseOf(tenant, found)),
      page.next,
    );
  }

  async function getOperationalEndpoint({ tenant, params: { id } }: TenantCall<{ params: typeof params }>) {
    const found = await findEndpoint(readPool(tenant), hidden(tenant), id);
    if (!found) throw new Problem('not_found');
    return json(200, responseOf(tenant, found));
  }

  async function changeOperationalEndpoint({
    tenant,
    params: { id },
    body: { url, uid, types, status },
  }: TenantCall<{ params: typeof params; body: typeof operationalEndpointChanges }>) {
    const scope = hidden(tenant);
    const changes = { url: url && checkedEndpointUrl(url, profile.urls, guard), events: types, uid };
    const changed = await mapOutage(mapUidTaken(updateEndpoint(pool, scope, id, changes)));
    if (!changed) throw new Problem('not_found');
    await beginDigest(db, tenant.projectId);
    if (status === undefined) return json(200, responseOf(tenant, changed));
    const enabled = await mapOutage(endpointStates.changeState(scope, id, 'enable'));
    if (enabled.kind !== 'done') throw new Problem('not_found');
    return json(200, responseOf(tenant, enabled.endpoint));
  }

  async function rotateOperationalSecret({
    tenant,
    params: { id },
    body,
  }: TenantCall<{ params: typeof params; body: typeof secretRotation }>) {
    const { endpoint, secretField } = await rotateSecret(deps, hidden(tenant), id, body);
    return json(200, { ...responseOf(tenant, endpoint), ...secretField });
  }
}
