/** As stored. The newest is a plain string; a replaced one signs until `until`, in milliseconds since the epoch. */
type StoredSecret = string | { secret: string; until: number };

/** Every active secret signs every request, so more of them would make the headers longer. */
const MAX_SECRETS = 3;

/** Returns the text to seal for a new endpoint. */
export const serializeFirstSecret = (secret: string): string => JSON.stringify([secret]);

const parseSecrets = (text: string): { secret: string; until: number }[] =>
  (JSON.parse(text) as StoredSecret[]).map((stored) =>
    typeof stored === 'string' ? { secret: stored, until: Number.POSITIVE_INFINITY } : stored,
  );

/** Returns the secrets that sign at `now` (milliseconds since the epoch), newest first. */
export const activeSecrets = (text: string, now: number): string[] =>
  parseSecrets(text).flatMap(({ secret, until }) => (until > now ? [secret] : []));

/**
 * Returns the text with `secret` as the newest. The other secrets sign for at most `overlapMs` more; the end of a replaced
 * secret is never postponed. Repeating a rotation with the same secret, as after a lost response, adds nothing. Beyond
 * three secrets, one in the middle is dropped: a caller that repeats rotations after lost responses has passed on none of
 * those, and the receiver still has the oldest one.
 */
export function withNewSecret(text: string, secret: string, now: number, overlapMs: number): string {
  const replaced = parseSecrets(text)
    .map((old) => ({ ...old, until: Math.min(old.until, now + overlapMs) }))
    .filter((old) => old.secret !== secret && old.until > now);
  const kept =
    replaced.length < MAX_SECRETS ? replaced : [...replaced.slice(0, MAX_SECRETS - 2), ...replaced.slice(-1)];
  return JSON.stringify([secret, ...kept]);
}
