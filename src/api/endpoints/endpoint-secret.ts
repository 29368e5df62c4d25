import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import { invalidBody } from '../problems/problem.ts';

type SecretOfProfile = Pick<CompiledProfile, 'secretRules' | 'generateSecret' | 'secretProblem'>;

/** The secret that an endpoint gets, brought or made; throws invalid_body where the profile's rules are broken. */
export function providedOrNewSecret(profile: SecretOfProfile, brought: string | undefined): string {
  const rule = profile.secretRules.brought;
  if (brought === undefined) {
    if (rule === 'required') throw refused('is required: the receiver brings the secret');
    return profile.generateSecret();
  }
  if (rule === 'never') throw refused('must be left out: Posthorn makes the secret');
  const problem = profile.secretProblem(brought);
  if (problem !== undefined) throw refused(problem);
  return brought;
}

/** The member of an answer that shows a secret, this once; nothing where the profile says so. */
export const oneTimeSecretField = ({ secretRules }: SecretOfProfile, secret: string): { secret?: string } =>
  secretRules.shownOnce ? { secret } : {};

const refused = (detail: string) => invalidBody([{ pointer: '/secret', detail }]);
