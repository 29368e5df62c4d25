import { z } from 'zod';
import { parseDuration } from '../../policy/duration.ts';
import { withNewSecret } from '../../secrets/secret-rotation.ts';
import { changeSecrets } from '../../store/endpoints/change-secrets.ts';
import { endpointSecretsContext } from '../../store/endpoints/endpoints.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { posthornId } from '../http/validation/fields.ts';
import { Problem } from '../problems/problem.ts';
import { endpointResponse } from './endpoint-response.ts';
import { createdEndpoint, secretRotation } from './endpoint-schemas.ts';
import { oneTimeSecretField, providedOrNewSecret } from './endpoint-secret.ts';

/** Time for every receiver to learn the new secret, where a call does not say. */
const DEFAULT_OVERLAP = '24h';

const params = z.object({ id: posthornId });

export function rotateSecretRoute({ pool, secretBox }: Pick<ApiDependencies, 'pool' | 'secretBox'>): Route {
  return tenantRoute({
    method: 'post',
    path: '/v1/endpoints/{id}/rotate-secret',
    operationId: 'rotateSecret',
    rateLimit: 'secretRotations',
    tag: 'Endpoints',
    summary: 'Give an endpoint a new secret',
    description:
      'The answer holds it, this once. During `overlap` the one before signs too, where the profile has several signatures; where it has one, the new secret alone signs at once.',
    access: 'consumer',
    params,
    body: secretRotation,
    bodyOptional: true,
    responses: { 200: { description: 'The endpoint, with its new secret', schema: createdEndpoint } },
    handle: rotateSecret,
  });

  async function rotateSecret({
    tenant,
    params: { id },
    body,
  }: TenantCall<{ params: typeof params; body: typeof secretRotation }>) {
    const { projectId, profile } = tenant;
    const secret = providedOrNewSecret(profile, body.secret);
    const overlapMs = parseDuration(body.overlap ?? DEFAULT_OVERLAP)! * 1000;
    const place = endpointSecretsContext(projectId, id);
    const changed = await mapOutage(
      changeSecrets(pool, tenant, id, (sealed, now) => {
        const text = withNewSecret(secretBox.open(sealed, place), secret, now, overlapMs);
        return secretBox.seal(text, place);
      }),
    );
    if (!changed) throw new Problem('not_found');
    return json(200, {
      ...endpointResponse(secretBox, tenant, changed),
      ...oneTimeSecretField(profile, secret),
    });
  }
}
