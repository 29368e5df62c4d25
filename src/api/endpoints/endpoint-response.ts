import { effectivePolicy, type PolicyLayers, policySources } from '../../policy/policy-override.ts';
import type { RetryPolicy } from '../../policy/retry-policy.ts';
import type { SecretBox } from '../../secrets/secret-box.ts';
import { activeSecretTimes } from '../../secrets/secret-rotation.ts';
import { type Endpoint, endpointSecretsContext } from '../../store/endpoints/endpoints.ts';
import type { Clock } from '../../store/postgres/database-clock.ts';
import type { StoredHealth } from '../../store/receivers/failures/endpoint-health.ts';
import type { Tenant } from '../auth/tenant.ts';
import type { EndpointHealth, EndpointResponse } from './endpoint-schemas.ts';
import { oauthSummaryOf } from './oauth/seal-oauth.ts';
import { maskedHeaders } from './settings/endpoint-headers.ts';
import { tlsSummaryOf } from './tls/tls-summary.ts';

type Dependencies = { secretBox: SecretBox; clock: Clock };

/**
 * An endpoint as a response, with the times of its secrets instead of the secrets, and with masked header values, of TLS the names,
 * and of client credentials all but their secret. */
export const endpointResponse = (
  { secretBox, clock }: Dependencies,
  { projectId, profile, policyOverride }: Tenant,
  { secrets, tlsCertificate, tlsAuthorities, ...endpoint }: Endpoint,
): EndpointResponse => ({
  ...endpoint,
  health: healthOf(endpoint.health),
  slowSince: timeOf(endpoint.health.slowSince),
  slowCause: endpoint.health.slowCause,
  secrets: secretTimes({ secretBox, clock }, projectId, { id: endpoint.id, secrets }),
  headers: maskedHeaders(secretBox, projectId, endpoint.id, endpoint.headers),
  tls: tlsSummaryOf(secretBox, projectId, { id: endpoint.id, tlsCertificate, tlsAuthorities }),
  oauth: oauthSummaryOf(secretBox, projectId, endpoint.id, endpoint.oauth),
  policyInForce: policyInForce(profile.policy, { endpoint: endpoint.policy, project: policyOverride }),
});

function policyInForce(profilePolicy: RetryPolicy, layers: PolicyLayers): EndpointResponse['policyInForce'] {
  const { finalStatuses = [], ...policy } = effectivePolicy(profilePolicy, layers);
  return { ...policy, finalStatuses, sources: policySources(layers) };
}

/** When the secrets in use were set, and when the replaced ones end, newest first. */
export function secretTimes(
  { secretBox, clock }: Dependencies,
  projectId: string,
  { id, secrets }: Pick<Endpoint, 'id' | 'secrets'>,
): EndpointResponse['secrets'] {
  const text = secretBox.open(secrets, endpointSecretsContext(projectId, id));
  return activeSecretTimes(text, clock.now()).map(({ since, until }) => ({
    createdAt: since === null ? null : new Date(since),
    endsAt: until === null ? null : new Date(until),
  }));
}

const timeOf = (text: string | null): Date | null => (text === null ? null : new Date(text));

const healthOf = ({ failures, isCoolingDown, ...stored }: StoredHealth): EndpointHealth => ({
  status: isCoolingDown ? 'cooling_down' : failures === null ? 'healthy' : 'failing',
  failuresInARow: failures ?? 0,
  firstFailureAt: timeOf(stored.firstFailureAt),
  lastFailureAt: timeOf(stored.lastFailureAt),
  nextProbeAt: isCoolingDown ? timeOf(stored.notBefore) : null,
  retryAfter: isCoolingDown ? null : timeOf(stored.notBefore),
  spacingMs: stored.spacingMs,
  slowSince: timeOf(stored.slowSince),
});
