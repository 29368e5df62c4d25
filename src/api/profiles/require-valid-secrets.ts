import type { SecretBox } from '../../secrets/secret-box.ts';
import { activeSecrets } from '../../secrets/secret-rotation.ts';
import type { EndpointSecrets } from '../../store/endpoints/endpoint-secrets.ts';
import { endpointSecretsContext } from '../../store/endpoints/endpoints.ts';
import type { Clock } from '../../store/postgres/database-clock.ts';
import { Problem } from '../problems/problem.ts';

/** Examining more secrets would take too long, so the call is refused. */
const MAX_EXAMINED = 100_000;

/**
 * Throws secrets_refused, with the number of endpoints, if the secrets of any endpoints violate `secretProblem`. `next`
 * returns the secrets after an endpoint id, in the order of ids, and none at the end.
 */
export async function requireValidSecrets(
  box: SecretBox,
  checkSecret: (secret: string) => string | undefined,
  clock: Clock,
  next: (after: string) => Promise<EndpointSecrets[]>,
): Promise<void> {
  let refused = 0;
  let examined = 0;
  for (let batch = await next(''); batch.length > 0; batch = await next(batch.at(-1)!.id)) {
    for (const { id, projectId, secrets } of batch) {
      const text = box.open(secrets, endpointSecretsContext(projectId, id));
      if (activeSecrets(text, clock.now()).some((secret) => checkSecret(secret) !== undefined)) refused++;
    }
    examined += batch.length;
    if (examined > MAX_EXAMINED)
      throw new Problem(
        'secrets_refused',
        `The project has more than ${MAX_EXAMINED} endpoints, too many to check.`,
      );
  }
  if (refused > 0)
    throw new Problem('secrets_refused', `${refused} of ${examined} endpoints have such secrets.`);
}
