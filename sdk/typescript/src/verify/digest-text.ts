/** A digest as a signature shows it. */
export function encodeDigest(digest: Uint8Array, encoding: 'hex' | 'base64'): string {
  if (encoding === 'base64') return btoa(String.fromCharCode(...digest));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Compares in the same time wherever the texts differ: else a forger could find one character after another. */
export function constantTimeEqual(expected: string, shown: string): boolean {
  let difference = expected.length ^ shown.length;
  for (let i = 0; i < expected.length; i++) difference |= expected.charCodeAt(i) ^ shown.charCodeAt(i);
  return difference === 0;
}
