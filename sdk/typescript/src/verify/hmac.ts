import { hmac as createHmac } from '@noble/hashes/hmac.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';

export type HmacAlgorithm = 'hmac-sha256' | 'hmac-sha512';

const HASHES = { 'hmac-sha256': sha256, 'hmac-sha512': sha512 };

/** The HMAC (RFC 2104) of the concatenated parts. Synchronous: the README explains why Web Crypto is not used. */
export function hmac(algorithm: HmacAlgorithm, key: Uint8Array, ...parts: Uint8Array[]): Uint8Array {
  const mac = createHmac.create(HASHES[algorithm], key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}
