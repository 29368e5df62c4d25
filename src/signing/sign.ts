import { createHmac } from 'node:crypto';
import { type SecretKeyEncoding, secretKey } from './secret-key.ts';
import type { SignatureScheme, SignedMessage } from './signature-scheme.ts';

/** The value of `$signature`. `secrets` is newest first and not empty. */
export type Signer = (message: SignedMessage, secrets: string[]) => string;

const textBeforeBody: Record<SignatureScheme['content'], (message: SignedMessage) => string> = {
  $body: () => '',
  '$sentAt.$body': ({ sentAt }) => `${sentAt}.`,
  '$id.$sentAt.$body': ({ id, sentAt }) => `${id}.${sentAt}.`,
};

/** Signs the bytes of the body, never their text: a decoded and encoded copy need not be what is sent. */
export function compileSigner(scheme: SignatureScheme, keyForm: SecretKeyEncoding): Signer {
  const hash = scheme.algorithm === 'hmac-sha256' ? 'sha256' : 'sha512';
  const before = textBeforeBody[scheme.content];
  const { encoding, format, whileRotating } = scheme;

  const signOnce = (message: SignedMessage, secret: string): string => {
    const hmac = createHmac(hash, secretKey(secret, keyForm)).update(before(message)).update(message.body);
    return format.replace('$sentAt', `${message.sentAt}`).replace(`$${encoding}`, hmac.digest(encoding));
  };

  return (message, secrets) => {
    const signing = whileRotating === 'all' ? secrets : secrets.slice(0, 1);
    if (signing.length === 0) throw new Error('a request cannot be signed without a secret');
    return signing.map((secret) => signOnce(message, secret)).join(' ');
  };
}
