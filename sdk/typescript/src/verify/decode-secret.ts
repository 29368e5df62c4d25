import type { SigningProfile } from './profiles.ts';

/**
 * Returns the HMAC key of a secret. Throws a TypeError for an invalid secret: anybody could sign with an empty key, and
 * an unset variable must not look like a forged request.
 */
export function decodeSecret(secret: string, { key, prefix }: SigningProfile['secret']): Uint8Array {
  if (typeof secret !== 'string' || secret === '') throw new TypeError('the secret is empty or not a string');
  if (key === 'utf8') return new TextEncoder().encode(secret);
  if (!secret.startsWith(prefix)) throw new TypeError(`the secret does not begin with ${prefix}`);
  const bytes = base64Bytes(secret.slice(prefix.length));
  if (!bytes || bytes.length === 0) throw new TypeError(`the secret is not base64 after ${prefix}`);
  return bytes;
}

/** Accepts only padded, canonical base64, so a truncated secret is detected. */
function base64Bytes(text: string): Uint8Array | undefined {
  try {
    const bytes = atob(text);
    return btoa(bytes) === text ? Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)) : undefined;
  } catch {
    return undefined;
  }
}
