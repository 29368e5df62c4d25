import { createHmac } from 'node:crypto';
import { type SecretKeyEncoding, secretKey } from './secret-key.ts';
import type { SignatureScheme, SignedMessage } from './signature-scheme.ts';

/** Returns the value of `$signature`. `secrets` is newest first and not empty. */
export type Signer = (message: SignedMessage, secrets: string[]) => string;

const textBeforeBody: Record<SignatureScheme['content'], (message: SignedMessage) => string> = {
  $body: () => '',
  '$sentAt.$body': ({ sentAt }) => `${sentAt}.`,
  '$id.$sentAt.$body': ({ id, sentAt }) => `${id}.${sentAt}.`,
};

/** Compiles a signer. It signs the bytes of the body, because decoding and encoding them again can change them. */
export function compileSigner(scheme: SignatureScheme, keyEncoding: SecretKeyEncoding): Signer {
  const hash = scheme.algorithm === 'hmac-sha256' ? 'sha256' : 'sha512';
  const before = textBeforeBody[scheme.content];
  const { encoding, format, whileRotating } = scheme;

  const signOnce = (message: SignedMessage, secret: string): string => {
    const hmac = createHmac(hash, secretKey(secret, keyEncoding))
      .update(before(message))
      .update(message.body);
    return format.replace('$sentAt', `${message.sentAt}`).replace(`$${encoding}`, hmac.digest(encoding));
  };

  return (message, secrets) => {
    const signingSecrets = whileRotating === 'all' ? secrets : secrets.slice(0, 1);
    if (signingSecrets.length === 0) throw new Error('signing requires at least one secret');
    return signingSecrets.map((secret) => signOnce(message, secret)).join(' ');
  };
}
