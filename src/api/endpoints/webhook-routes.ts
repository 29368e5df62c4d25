import { z } from 'zod';
import { type Endpoint, listEndpoints } from '../../store/endpoints/endpoints.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { pageQuery, pageSchema, posthornId } from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { deleteEndpoint } from './delete-endpoint.ts';
import { registerEndpoint } from './register-endpoint.ts';
import { createdWebhook, newWebhook, type WebhookResponse, webhook } from './webhook-schemas.ts';

const tag = 'Webhooks';

const responseOf = ({ id, url, events, status, createdAt }: Endpoint): WebhookResponse => ({
  id,
  url,
  events,
  status,
  createdAt,
});

const listWebhooksQuery = z.strictObject(pageQuery);
const params = z.object({ id: posthornId });

/** Endpoints under the name and shape that the providers' own APIs use. They are the same rows, under the same rules. */
export function webhookRoutes(deps: ApiDependencies, readPool: TenantReadPool): Route[] {
  return [
    tenantRoute({
      method: 'post',
      path: '/v1/webhooks',
      operationId: 'createWebhook',
      rateLimit: 'endpointChanges',
      tag,
      summary: 'Register a webhook',
      description:
        'Creates an endpoint: with a consumer key, of that consumer; with a project key, without a consumer. The response is the only one that contains the secret.',
      access: 'consumer',
      body: newWebhook,
      responses: { 201: { description: 'The webhook, with its secret', schema: createdWebhook } },
      problems: ['invalid_url', 'plan_required', 'quota_exceeded'],
      handle: createWebhook,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/webhooks',
      operationId: 'listWebhooks',
      tag,
      summary: 'List webhooks, newest first',
      access: 'consumer',
      query: listWebhooksQuery,
      responses: { 200: { description: 'A page of webhooks', schema: pageSchema(webhook) } },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: listWebhooks,
    }),
    tenantRoute({
      method: 'delete',
      path: '/v1/webhooks/{id}',
      operationId: 'deleteWebhook',
      rateLimit: 'endpointChanges',
      tag,
      summary: 'Delete a webhook',
      description: 'Its open deliveries are cancelled with the reason `endpoint_deleted`.',
      access: 'consumer',
      params,
      responses: { 204: { description: 'Deleted' } },
      handle: deleteWebhook,
    }),
  ];

  async function createWebhook({ tenant, body }: TenantCall<{ body: typeof newWebhook }>) {
    const { endpoint, secretField } = await registerEndpoint(deps, tenant, body);
    return json(201, { ...responseOf(endpoint), ...secretField });
  }

  async function listWebhooks({ tenant, query }: TenantCall<{ query: typeof listWebhooksQuery }>) {
    const page = await listEndpoints(readPool(tenant), tenant, {}, pageRequest('id', query));
    const items = page.items.map(responseOf);
    return pageResponse('id', items, page.next);
  }

  function deleteWebhook(call: TenantCall<{ params: typeof params }>) {
    return deleteEndpoint(deps.deliveryCommands, call.tenant, call.params.id);
  }
}
