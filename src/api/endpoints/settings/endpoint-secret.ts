import type { CompiledProfile } from '../../../profiles/compile-profile.ts';
import type { Tenant } from '../../auth/tenant.ts';
import { invalidBody } from '../../problems/problem.ts';

type SecretOfProfile = Pick<CompiledProfile, 'secretRules' | 'generateSecret' | 'secretProblem'>;

/** The provided secret, or a generated one. Throws invalid_body if the profile's rules are broken. */
export function providedOrNewSecret(profile: SecretOfProfile, provided: string | undefined): string {
  const { source } = profile.secretRules;
  if (provided === undefined) {
    if (source === 'provided') throw invalidSecret('is required: the profile generates no secrets');
    return profile.generateSecret();
  }
  if (source === 'generated') throw invalidSecret('must be left out: the secret is generated');
  const problem = profile.secretProblem(provided);
  if (problem !== undefined) throw invalidSecret(problem);
  return provided;
}

/** The `secret` field of the only response that returns it; empty if the profile never returns secrets. */
export const oneTimeSecretField = ({ secretRules }: SecretOfProfile, secret: string): { secret?: string } =>
  secretRules.returned === 'once' ? { secret } : {};

/** The profile whose signatures the sample receiver verifies. */
const SAMPLE_PROFILE = 'standard-webhooks';

/**
 * The secret of the sample receiver, for an endpoint of a project key that has its URL and names no secret, so that the
 * first endpoint needs none. Undefined for every other endpoint.
 */
export function sampleSecretFor(
  receiver: { url: string; secret: string } | undefined,
  { consumer, profile }: Pick<Tenant, 'consumer' | 'profile'>,
  { url, secret }: { url: string; secret: string | undefined },
): string | undefined {
  const isItsEndpoint = receiver !== undefined && url === receiver.url && secret === undefined;
  return isItsEndpoint && consumer === null && profile.name === SAMPLE_PROFILE ? receiver.secret : undefined;
}

const invalidSecret = (detail: string) => invalidBody([{ pointer: '/secret', detail }]);
