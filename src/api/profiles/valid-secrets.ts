import type { SecretBox } from '../../secrets/secret-box.ts';
import { activeSecrets } from '../../secrets/secret-rotation.ts';
import type { EndpointSecrets } from '../../store/endpoints/endpoint-secrets.ts';
import { endpointSecretsContext } from '../../store/endpoints/endpoints.ts';
import type { Clock } from '../../store/postgres/database-clock.ts';
import { Problem } from '../problems/problem.ts';

/** Beyond this a request would take too long: the answer is then no. */
const MOST_EXAMINED = 100_000;

/**
 * Throws secrets_refused, with their number, when endpoints have secrets that `checkSecret` finds fault with.
 * `next` gives those after an endpoint's id, in the order of ids, and none at the end.
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
    if (examined > MOST_EXAMINED)
      throw new Problem('secrets_refused', `More than ${MOST_EXAMINED} endpoints would have to be examined.`);
  }
  if (refused > 0)
    throw new Problem('secrets_refused', `${refused} of ${examined} endpoints have such secrets.`);
}
