import { z } from 'zod';
import { listEndpoints } from '../../store/endpoints/endpoint-lists.ts';
import type { Endpoint } from '../../store/endpoints/endpoints.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import { type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { pageQuery, pageSchema, posthornId } from '../http/validation/fields.ts';
import {
  IDEMPOTENCY_KEY_HEADER,
  IDEMPOTENCY_PROBLEMS,
  idempotentCall,
} from '../idempotency/idempotent-call.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { deleteEndpoint } from './delete-endpoint.ts';
import { operationFor, registerEndpoint } from './register-endpoint.ts';
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
        'Creates an endpoint: with a consumer key, of that consumer; with a project key, without a consumer. The response is the only one that contains the secret. To be able to repeat the call, send an `Idempotency-Key`.',
      access: 'consumer',
      needs: 'endpoints',
      requestHeaders: IDEMPOTENCY_KEY_HEADER,
      body: newWebhook,
      responses: {
        200: {
          description: 'The response to the first call with this `Idempotency-Key`',
          schema: createdWebhook,
        },
        201: { description: 'The webhook, with its secret', schema: createdWebhook },
      },
      problems: ['invalid_url', 'plan_required', 'quota_exceeded', ...IDEMPOTENCY_PROBLEMS],
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
      needs: 'endpoints',
      params,
      responses: { 204: { description: 'Deleted' } },
      handle: deleteWebhook,
    }),
  ];

  function createWebhook({ tenant, body, request }: TenantCall<{ body: typeof newWebhook }>) {
    const call = idempotentCall(deps.secretBox, tenant, request, operationFor(tenant, 'createWebhook'), body);
    return registerEndpoint(deps, tenant, body, call, ({ endpoint, secretField }) => ({
      ...responseOf(endpoint),
      ...secretField,
    }));
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
