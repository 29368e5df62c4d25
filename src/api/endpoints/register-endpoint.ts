import type { z } from 'zod';
import { DEFAULT_QUOTAS } from '../../policy/quotas.ts';
import { serializeFirstSecret } from '../../secrets/secret-rotation.ts';
import { type Endpoint, endpointSecretsContext } from '../../store/endpoints/endpoints.ts';
import { insertEndpoint } from '../../store/endpoints/insert-endpoint.ts';
import { newId } from '../../store/postgres/ids.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { Tenant } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { mapPlanRequired } from '../events/plan-rules.ts';
import { invalidBody, Problem } from '../problems/problem.ts';
import { checkEndpointHeaders, sealHeaders } from './endpoint-headers.ts';
import type { newEndpoint } from './endpoint-schemas.ts';
import { oneTimeSecretField, providedOrNewSecret } from './endpoint-secret.ts';
import { requireKnownTypes } from './subscriptions.ts';
import { checkedEndpointUrl } from './target-urls.ts';

export type RegisteredEndpoint = { endpoint: Endpoint; secretField: { secret?: string } };

/** Adds an endpoint under the rules of the tenant's profile, whichever route asked; throws the rule that it breaks. */
export async function registerEndpoint(
  {
    pool,
    secretBox,
    guard,
    clock,
    config,
  }: Pick<ApiDependencies, 'pool' | 'secretBox' | 'guard' | 'clock' | 'config'>,
  tenant: Tenant,
  asked: z.output<typeof newEndpoint>,
): Promise<RegisteredEndpoint> {
  const { projectId, profile } = tenant;
  const id = newId('ep', clock.now());
  const consumer = consumerFor(tenant, asked.consumer);
  if (asked.events) requireKnownTypes(tenant.catalogue, asked.events);
  const headers = asked.headers ?? null;
  if (headers) checkEndpointHeaders(headers, profile.reservedHeaderNames);
  const secret = providedOrNewSecret(profile, asked.secret);
  const made = {
    id,
    projectId,
    consumer,
    url: checkedEndpointUrl(asked.url, profile.urls, guard),
    events: asked.events ?? ['*'],
    description: asked.description ?? null,
    secrets: secretBox.seal(serializeFirstSecret(secret), endpointSecretsContext(projectId, id)),
    headers: sealHeaders(secretBox, projectId, id, headers),
  };
  const registered = insertEndpoint(pool, made, tenant.keyHash, config.quotas ?? DEFAULT_QUOTAS);
  const endpoint = await mapOutage(mapPlanRequired(registered));
  return { endpoint, secretField: oneTimeSecretField(profile, secret) };
}

/** A consumer key makes its own consumer's endpoints, and may say so. */
function consumerFor({ consumer: own, profile }: Tenant, named: string | undefined): string | null {
  if (own !== null && named !== undefined && named !== own) {
    throw new Problem('forbidden', 'The key is of another consumer.');
  }
  const consumer = own ?? named ?? null;
  if (consumer !== null || !profile.requiresConsumer) return consumer;
  // It would match events without a consumer alone, and the profile can compose none of those.
  throw invalidBody([
    {
      pointer: '/consumer',
      detail: 'is required by the profile: name it at /v1/endpoints, or use a key of the consumer',
    },
  ]);
}
