import type { z } from 'zod';
import { serializeFirstSecret } from '../../secrets/secret-rotation.ts';
import { type Endpoint, endpointSecretsContext } from '../../store/endpoints/endpoints.ts';
import {
  type Registration,
  registerEndpoint as storeEndpoint,
} from '../../store/endpoints/register-endpoint.ts';
import { newId } from '../../store/postgres/ids.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { IdempotentCall } from '../../store/projects/create-once.ts';
import { may, type Tenant } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { mapPlanRequired } from '../events/plan-rules.ts';
import type { RouteResponse } from '../http/route.ts';
import { createdResponse } from '../idempotency/idempotent-call.ts';
import { invalidBody, Problem } from '../problems/problem.ts';
import type { newEndpoint } from './endpoint-schemas.ts';
import { checkedOAuth, refuseOtherAuthorization } from './oauth/checked-oauth.ts';
import { sealOAuth } from './oauth/seal-oauth.ts';
import { mapUidTaken, requireSameEndpoint } from './same-endpoint.ts';
import { checkedFilter } from './settings/endpoint-filter.ts';
import { checkEndpointHeaders, sealHeaders } from './settings/endpoint-headers.ts';
import { requireProjectForPolicy } from './settings/endpoint-policy.ts';
import { oneTimeSecretField, providedOrNewSecret, sampleSecretFor } from './settings/endpoint-secret.ts';
import { requireKnownTypes } from './settings/subscriptions.ts';
import { checkedEndpointUrl } from './settings/target-urls.ts';
import { checkedTls, isSet, refuseTlsWithoutHttps } from './tls/checked-tls.ts';
import { sealTls } from './tls/seal-tls.ts';

export type RegisteredEndpoint = { endpoint: Endpoint; secretField: { secret?: string } };

/**
 * Creates an endpoint under the rules of the tenant's profile, and responds with 201. Responds with 200 if an endpoint with
 * its uid exists or an earlier call had the same Idempotency-Key. Throws a Problem for a rule that it violates.
 */
export async function registerEndpoint<Body>(
  { pool, secretBox, guard, clock, config }: RegistrationDependencies,
  tenant: Tenant,
  input: z.output<typeof newEndpoint>,
  call: IdempotentCall | null,
  bodyOf: (registered: RegisteredEndpoint) => Body,
): Promise<RouteResponse<Body>> {
  const { projectId, profile, keyHash } = tenant;
  const id = newId('ep', clock.now());
  const consumer = consumerFor(tenant, input.consumer);
  requireProjectForPolicy(tenant, input);
  if (input.events) requireKnownTypes(tenant.catalogue, input.events);
  const headers = input.headers ?? null;
  if (headers) checkEndpointHeaders(headers, profile.reservedHeaderNames);
  const url = checkedEndpointUrl(input.url, profile.urls, guard);
  const tls = checkedTls(input.tls, clock.now());
  refuseTlsWithoutHttps(url, isSet(tls));
  const oauth = input.oauth ? checkedOAuth(input.oauth, profile.urls, guard) : null;
  refuseOtherAuthorization(oauth !== null, Object.keys(headers ?? {}), profile.reservedHeaderNames);
  const sampleSecret = sampleSecretFor(config.sampleReceiver, tenant, { url, secret: input.secret });
  const secret = sampleSecret ?? providedOrNewSecret(profile, input.secret);
  const members = {
    url,
    events: input.events ?? ['*'],
    description: input.description ?? null,
    policy: input.policy ?? null,
  };
  const { rate = null, concurrency = null, ordered = false } = input;
  const limits = { rate, concurrency, ordered };
  const filter = input.filter ?? null;
  const filterText = await checkedFilter(tenant, filter);
  const row = {
    ...members,
    filter: filterText,
    limits,
    id,
    uid: input.uid ?? null,
    projectId,
    consumer,
    secrets: secretBox.seal(serializeFirstSecret(secret, clock.now()), endpointSecretsContext(projectId, id)),
    headers: sealHeaders(secretBox, projectId, id, headers),
    tls: sealTls(secretBox, projectId, id, tls),
    oauth: sealOAuth(secretBox, projectId, id, oauth),
  };
  const respond = (registration: Registration) => {
    const { endpoint } = registration;
    if (registration.kind === 'created')
      return bodyOf({
        endpoint,
        secretField:
          may(tenant, 'secrets') && sampleSecret === undefined ? oneTimeSecretField(profile, secret) : {},
      });
    const requested = {
      ...members,
      ...limits,
      filter,
      headers,
      tls,
      oauth,
      secret: input.secret,
      isOwnCall: tenant.consumer !== null,
    };
    requireSameEndpoint(secretBox, projectId, endpoint, requested);
    return bodyOf({ endpoint, secretField: {} });
  };
  const registered = storeEndpoint(pool, row, { keyHash, quotas: config.quotas, call }, respond);
  return createdResponse(mapOutage(mapUidTaken(mapPlanRequired(registered))));
}

/** The operation that an Idempotency-Key is for. A repeated call must not return a secret that its caller may not see. */
export const operationFor = (tenant: Tenant, operation: string): string =>
  may(tenant, 'secrets') ? operation : `${operation} without secret`;

type RegistrationDependencies = Pick<ApiDependencies, 'pool' | 'secretBox' | 'guard' | 'clock' | 'config'>;

/** A consumer key creates endpoints of its own consumer, and may name that consumer. */
export function consumerFor(
  { consumer: keyConsumer, profile }: Tenant,
  requested: string | undefined,
  path = '/v1/endpoints',
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
      detail: `is required by the profile: name a consumer at ${path}, or use a consumer key`,
    },
  ]);
}
