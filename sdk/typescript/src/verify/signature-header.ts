import type { SigningProfile } from './profiles.ts';

/** What a signature header shows; `sentAt` where the form has the time in it, as the text that was signed. */
export type ParsedSignatures = { digests: string[]; sentAt: string | undefined };

const DIGEST_BYTES = { 'hmac-sha256': 32, 'hmac-sha512': 64 };

/**
 * The signatures of a header that are in the profile's form; undefined when none is. The first time counts
 * for all: a sender signs them at once, and each time more would cost a hash of the whole body.
 */
export function parseSignatureHeader(
  header: string,
  { signature }: SigningProfile,
): ParsedSignatures | undefined {
  const pattern = patternOf(signature);
  const shown = header.split(/[ \t]+/).flatMap((piece) => {
    const groups = pattern.exec(piece)?.groups;
    return groups ? [{ digest: groups.digest!, sentAt: groups.sentAt }] : [];
  });
  if (shown.length === 0) return undefined;
  return { sentAt: shown[0]!.sentAt, digests: shown.map(({ digest }) => digest) };
}

/** Only the exact length matches: a truncated signature is never compared. */
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
