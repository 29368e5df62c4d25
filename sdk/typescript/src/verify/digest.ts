/** The digest in the encoding of the signature. */
export function encodeDigest(digest: Uint8Array, encoding: 'hex' | 'base64'): string {
  if (encoding === 'base64') return btoa(String.fromCharCode(...digest));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Compares in constant time. Otherwise the time would tell an attacker how many characters are right. */
export function constantTimeEqual(expected: string, actual: string): boolean {
  let difference = expected.length ^ actual.length;
  for (let i = 0; i < expected.length; i++) difference |= expected.charCodeAt(i) ^ actual.charCodeAt(i);
  return difference === 0;
}
