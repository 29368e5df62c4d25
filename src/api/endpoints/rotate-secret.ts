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

/** Default time for receivers to switch to the new secret. */
const DEFAULT_OVERLAP = '24h';

const params = z.object({ id: posthornId });

export function rotateSecretRoute({ pool, secretBox }: Pick<ApiDependencies, 'pool' | 'secretBox'>): Route {
  return tenantRoute({
    method: 'post',
    path: '/v1/endpoints/{id}/rotate-secret',
    operationId: 'rotateSecret',
    rateLimit: 'secretRotations',
    tag: 'Endpoints',
    summary: 'Rotate the secret of an endpoint',
    description:
      'The response is the only one that contains the new secret. During `overlap` the previous secret signs as well, if the profile sends several signatures; otherwise only the new secret signs from now on.',
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
    const context = endpointSecretsContext(projectId, id);
    const changed = await mapOutage(
      changeSecrets(pool, tenant, id, (sealed, now) => {
        const text = withNewSecret(secretBox.open(sealed, context), secret, now, overlapMs);
        return secretBox.seal(text, context);
      }),
    );
    if (!changed) throw new Problem('not_found');
    return json(200, {
      ...endpointResponse(secretBox, tenant, changed),
      ...oneTimeSecretField(profile, secret),
    });
  }
}
