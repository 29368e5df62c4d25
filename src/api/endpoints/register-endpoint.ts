import type { z } from 'zod';
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

/** Creates an endpoint under the rules of the tenant's profile. Throws a Problem for a rule that it violates. */
export async function registerEndpoint(
  {
    pool,
    secretBox,
    guard,
    clock,
    config,
  }: Pick<ApiDependencies, 'pool' | 'secretBox' | 'guard' | 'clock' | 'config'>,
  tenant: Tenant,
  input: z.output<typeof newEndpoint>,
): Promise<RegisteredEndpoint> {
  const { projectId, profile } = tenant;
  const id = newId('ep', clock.now());
  const consumer = consumerFor(tenant, input.consumer);
  if (input.events) requireKnownTypes(tenant.catalogue, input.events);
  const headers = input.headers ?? null;
  if (headers) checkEndpointHeaders(headers, profile.reservedHeaderNames);
  const secret = providedOrNewSecret(profile, input.secret);
  const row = {
    id,
    projectId,
    consumer,
    url: checkedEndpointUrl(input.url, profile.urls, guard),
    events: input.events ?? ['*'],
    description: input.description ?? null,
    secrets: secretBox.seal(serializeFirstSecret(secret), endpointSecretsContext(projectId, id)),
    headers: sealHeaders(secretBox, projectId, id, headers),
  };
  const registered = insertEndpoint(pool, row, tenant.keyHash, config.quotas);
  const endpoint = await mapOutage(mapPlanRequired(registered));
  return { endpoint, secretField: oneTimeSecretField(profile, secret) };
}

/** A consumer key creates endpoints of its own consumer, and may name that consumer. */
function consumerFor(
  { consumer: keyConsumer, profile }: Tenant,
  requested: string | undefined,
): string | null {
  if (keyConsumer !== null && requested !== undefined && requested !== keyConsumer) {
    throw new Problem('forbidden', 'The key belongs to another consumer.');
  }
  const consumer = keyConsumer ?? requested ?? null;
  if (consumer !== null || !profile.requiresConsumer) return consumer;
  // Without a consumer the endpoint would match only events without one, which this profile cannot compose.
  throw invalidBody([
    {
      pointer: '/consumer',
      detail: 'is required by the profile: name a consumer at /v1/endpoints, or use a consumer key',
    },
  ]);
}
