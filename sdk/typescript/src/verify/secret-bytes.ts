import type { SigningProfile } from './profiles.ts';

/**
 * The HMAC key of a secret. Throws a TypeError when it can be none: with an empty key anybody could sign, and a
 * variable that is not set must not look like a forged request.
 */
export function decodeSecret(secret: string, { key, prefix }: SigningProfile['secret']): Uint8Array {
  if (typeof secret !== 'string' || secret === '') throw new TypeError('the secret is empty or not a text');
  if (key === 'utf8') return new TextEncoder().encode(secret);
  if (!secret.startsWith(prefix)) throw new TypeError(`the secret does not begin with ${prefix}`);
  const bytes = base64Bytes(secret.slice(prefix.length));
  if (!bytes || bytes.length === 0) throw new TypeError(`the secret is not base64 after ${prefix}`);
  return bytes;
}

/** Padded and canonical, as Posthorn has it: what is cut off at its end is noticed. */
function base64Bytes(text: string): Uint8Array | undefined {
  try {
    const bytes = atob(text);
    return btoa(bytes) === text ? Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)) : undefined;
  } catch {
    return undefined;
  }
}
