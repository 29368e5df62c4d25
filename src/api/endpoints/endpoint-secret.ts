import type { ComposableProfile } from '../../profiles/compile-profile.ts';
import { invalidBody } from '../problems/problem.ts';

type SecretOfProfile = Pick<ComposableProfile, 'secretRules' | 'newSecret' | 'checkSecret'>;

/** The secret that an endpoint gets, brought or made; throws invalid_body where the profile's rules are broken. */
export function endpointSecret(profile: SecretOfProfile, brought: string | undefined): string {
  const rule = profile.secretRules.brought;
  if (brought === undefined) {
    if (rule === 'required') throw refused('is required: the receiver brings the secret');
    return profile.newSecret();
  }
  if (rule === 'never') throw refused('must be left out: Posthorn makes the secret');
  const problem = profile.checkSecret(brought);
  if (problem !== undefined) throw refused(problem);
  return brought;
}

/** The member of an answer that shows a secret, this once; nothing where the profile says so. */
export const shownSecret = ({ secretRules }: SecretOfProfile, secret: string): { secret?: string } =>
  secretRules.shownOnce ? { secret } : {};

const refused = (detail: string) => invalidBody([{ pointer: '/secret', detail }]);
