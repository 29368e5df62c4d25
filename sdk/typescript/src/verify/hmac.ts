import { sha256 } from './sha256.ts';
import { sha512 } from './sha512.ts';

export type HmacAlgorithm = 'hmac-sha256' | 'hmac-sha512';

const HASHES = {
  'hmac-sha256': { hash: sha256, blockBytes: 64 },
  'hmac-sha512': { hash: sha512, blockBytes: 128 },
};

/** The HMAC (RFC 2104) of the parts, one after another. */
export function hmac(algorithm: HmacAlgorithm, key: Uint8Array, ...parts: Uint8Array[]): Uint8Array {
  const { hash, blockBytes } = HASHES[algorithm];
  const block = new Uint8Array(blockBytes);
  block.set(key.length > blockBytes ? hash(key) : key);
  const inner = hash(joined([block.map((byte) => byte ^ 0x36), ...parts]));
  return hash(joined([block.map((byte) => byte ^ 0x5c), inner]));
}

function joined(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
