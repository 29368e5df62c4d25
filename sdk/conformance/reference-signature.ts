import { createHmac } from 'node:crypto';
import type { SigningProfile } from '../typescript/src/verify/profiles.ts';
import type { Payload } from './case.ts';

export const payloadBytes = (payload: Payload): Buffer =>
  'text' in payload ? Buffer.from(payload.text) : Buffer.from(payload.base64, 'base64');

export type SigningInput = { payload: Payload; id: string; sentAt: number; secret: string };

/** One signature of a profile. Independent of the signer and of the verifiers, because it checks both. */
export function referenceSignature(
  profile: SigningProfile,
  { payload, id, sentAt, secret }: SigningInput,
): string {
  const { algorithm, content, encoding, format } = profile.signature;
  const key =
    profile.secret.key === 'utf8'
      ? Buffer.from(secret)
      : Buffer.from(secret.replace(profile.secret.prefix, ''), 'base64');
  const [prefix] = content.replace('$id', id).replace('$sentAt', `${sentAt}`).split('$body');
  const digest = createHmac(algorithm.replace('hmac-', ''), key)
    .update(prefix!)
    .update(payloadBytes(payload))
    .digest(encoding);
  return format.replace('$sentAt', `${sentAt}`).replace(`$${encoding}`, digest);
}
