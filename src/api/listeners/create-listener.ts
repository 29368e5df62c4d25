import type { z } from 'zod';
import { listenerUrl } from '../../policy/listener-url.ts';
import { serializeFirstSecret } from '../../secrets/secret-rotation.ts';
import { endpointSecretsContext } from '../../store/endpoints/endpoints.ts';
import { registerListener } from '../../store/listeners/listeners.ts';
import { newId } from '../../store/postgres/ids.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import { may, type Tenant } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { consumerFor } from '../endpoints/register-endpoint.ts';
import { oneTimeSecretField, providedOrNewSecret } from '../endpoints/settings/endpoint-secret.ts';
import { requireKnownTypes } from '../endpoints/settings/subscriptions.ts';
import { mapPlanRequired } from '../events/plan-rules.ts';
import { json } from '../http/route.ts';
import { Problem } from '../problems/problem.ts';
import type { newListener } from './listener-schemas.ts';

/** Characters of an id that a generated label has. */
const GENERATED_LABEL_LENGTH = 8;

/** Creates a listener, an endpoint without a URL. Responds with 200 if its consumer has one with this label. Throws a Problem. */
export async function createListener(
  { pool, secretBox, clock, config }: ApiDependencies,
  tenant: Tenant,
  input: z.output<typeof newListener>,
) {
  if (!config.listeners) throw new Problem('listeners_off');
  const { projectId, profile, keyHash } = tenant;
  const id = newId('ep', clock.now());
  const consumer = consumerFor(tenant, input.consumer, '/v1/listeners');
  if (input.events) requireKnownTypes(tenant.catalogue, input.events);
  const secret = providedOrNewSecret(profile, input.secret);
  const label = input.label ?? id.slice(-GENERATED_LABEL_LENGTH);
  const endpoint = {
    id,
    projectId,
    consumer,
    url: listenerUrl(label),
    events: input.events ?? ['*'],
    description: null,
    headers: null,
    secrets: secretBox.seal(serializeFirstSecret(secret, clock.now()), endpointSecretsContext(projectId, id)),
  };
  const registration = registerListener(pool, endpoint, { keyHash, quotas: config.quotas });
  const { kind, listener } = await mapOutage(mapPlanRequired(registration));
  if (kind === 'existing') return json(200, listener);
  return json(201, {
    ...listener,
    ...(may(tenant, 'secrets') ? oneTimeSecretField(profile, secret) : {}),
  });
}
