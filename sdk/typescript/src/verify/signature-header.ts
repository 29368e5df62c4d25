import type { SigningProfile } from './profiles.ts';

/** The contents of a signature header. `sentAt` is the signed text of the time, if the format has one. */
export type ParsedSignatures = { digests: string[]; sentAt: string | undefined };

const DIGEST_BYTES = { 'hmac-sha256': 32, 'hmac-sha512': 64 };

/**
 * Returns the signatures in a header that have the profile's format; undefined if there are none. Only the first time
 * is used: all signatures of a request have the same time, and each further time would cost a hash of the whole body.
 */
export function parseSignatureHeader(
  header: string,
  { signature }: SigningProfile,
): ParsedSignatures | undefined {
  const pattern = patternOf(signature);
  const parsed = header.split(/[ \t]+/).flatMap((piece) => {
    const groups = pattern.exec(piece)?.groups;
    return groups ? [{ digest: groups.digest!, sentAt: groups.sentAt }] : [];
  });
  if (parsed.length === 0) return undefined;
  return { sentAt: parsed[0]!.sentAt, digests: parsed.map(({ digest }) => digest) };
}

/** Matches digests of the exact length only, so a truncated signature is never compared. */
function patternOf({ algorithm, encoding, format }: SigningProfile['signature']): RegExp {
  const bytes = DIGEST_BYTES[algorithm];
  const padding = '='.repeat((3 - (bytes % 3)) % 3);
  const base64 = `[A-Za-z0-9+/]{${Math.ceil((bytes * 4) / 3)}}${padding}`;
  const digest = encoding === 'hex' ? `[0-9a-f]{${bytes * 2}}` : base64;
  const literal = format.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(
    `^${literal.replace('\\$sentAt', '(?<sentAt>\\d{1,12})').replace(`\\$${encoding}`, `(?<digest>${digest})`)}$`,
  );
}
