import { z } from 'zod';
import { parseDuration } from '../../policy/duration.ts';
import { withNewSecret } from '../../secrets/secret-rotation.ts';
import { changeSecrets } from '../../store/endpoints/change-secrets.ts';
import { type Endpoint, endpointSecretsContext } from '../../store/endpoints/endpoints.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { Tenant } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { posthornId } from '../http/validation/fields.ts';
import { Problem } from '../problems/problem.ts';
import { endpointResponse } from './endpoint-response.ts';
import { createdEndpoint, secretRotation } from './endpoint-schemas.ts';
import { oneTimeSecretField, providedOrNewSecret } from './settings/endpoint-secret.ts';

/** Default time for receivers to switch to the new secret. */
const DEFAULT_OVERLAP = '24h';

const params = z.object({ id: posthornId });

export function rotateSecretRoute({
  pool,
  secretBox,
  clock,
}: Pick<ApiDependencies, 'pool' | 'secretBox' | 'clock'>): Route {
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
    needs: 'secrets',
    params,
    body: secretRotation,
    bodyOptional: true,
    responses: { 200: { description: 'The endpoint, with its new secret', schema: createdEndpoint } },
    handle: handleRotateSecret,
  });

  async function handleRotateSecret({
    tenant,
    params: { id },
    body,
  }: TenantCall<{ params: typeof params; body: typeof secretRotation }>) {
    const { endpoint, secretField } = await rotateSecret({ pool, secretBox }, tenant, id, body);
    return json(200, { ...endpointResponse({ secretBox, clock }, tenant, endpoint), ...secretField });
  }
}

/** Gives an endpoint a new secret, under the rules of the tenant's profile. Throws not_found, or invalid_body for the secret. */
export async function rotateSecret(
  { pool, secretBox }: Pick<ApiDependencies, 'pool' | 'secretBox'>,
  tenant: Tenant,
  id: string,
  rotation: z.output<typeof secretRotation>,
): Promise<{ endpoint: Endpoint; secretField: { secret?: string } }> {
  const { projectId, profile } = tenant;
  const secret = providedOrNewSecret(profile, rotation.secret);
  const overlapMs = parseDuration(rotation.overlap ?? DEFAULT_OVERLAP)! * 1000;
  const context = endpointSecretsContext(projectId, id);
  const endpoint = await mapOutage(
    changeSecrets(pool, tenant, id, (sealed, now) => {
      const text = withNewSecret(secretBox.open(sealed, context), secret, now, overlapMs);
      return secretBox.seal(text, context);
    }),
  );
  if (!endpoint) throw new Problem('not_found');
  return { endpoint, secretField: oneTimeSecretField(profile, secret) };
}
