/** How requests are signed: a profile, or what the API says of signing. */
export type Signed = {
  headers: Record<string, string>;
  signature: { algorithm: string; content: string; encoding: string; whileRotating: string };
};

/** What a profile signs, in words: `HMAC-SHA256 over id, time and body, base64, in webhook-signature`. */
export function signatureWords(profile: Signed): string {
  const { algorithm, content, encoding, whileRotating } = profile.signature;
  const parts = ['$id', '$sentAt', '$body'].filter((part) => content.includes(part));
  const names: Record<string, string> = { $id: 'the id', $sentAt: 'the time', $body: 'the body' };
  const words = parts.map((part) => names[part]!);
  const list = words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words.at(-1)}` : words.join('');
  const header = Object.entries(profile.headers).find(([, value]) => value.includes('$signature'))?.[0];
  const where = header ? `, in ${header}` : '';
  const rotating = whileRotating === 'all' ? ' While a secret is rotated, each secret signs.' : '';
  return `${algorithm.toUpperCase()} over ${list}, as ${encoding}${where}.${rotating}`;
}
