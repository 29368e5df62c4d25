/** As it is stored. The newest is a text alone; one that was replaced signs until `until`, in epoch milliseconds. */
type StoredSecret = string | { secret: string; until: number };

/** Each signs every request while it is in force: more would only make headers longer. */
const MAX_SECRETS = 3;

/** The text to seal for a new endpoint. */
export const serializeFirstSecret = (secret: string): string => JSON.stringify([secret]);

const parseSecrets = (text: string): { secret: string; until: number }[] =>
  (JSON.parse(text) as StoredSecret[]).map((stored) =>
    typeof stored === 'string' ? { secret: stored, until: Number.POSITIVE_INFINITY } : stored,
  );

/** The secrets that sign at `now` (epoch milliseconds), newest first. */
export const activeSecrets = (text: string, now: number): string[] =>
  parseSecrets(text).flatMap(({ secret, until }) => (until > now ? [secret] : []));

/**
 * The text with `secret` in front. The others sign for `overlapMs` more at most: a replaced secret never gets longer
 * than it had. The same secret again, as after a lost answer, changes no more than that. Past three, one in the middle
 * goes: a caller that repeats rotations whose answers were lost has passed none of those on, and the receiver still has
 * the oldest.
 */
export function withNewSecret(text: string, secret: string, now: number, overlapMs: number): string {
  const replaced = parseSecrets(text)
    .map((old) => ({ ...old, until: Math.min(old.until, now + overlapMs) }))
    .filter((old) => old.secret !== secret && old.until > now);
  const kept =
    replaced.length < MAX_SECRETS ? replaced : [...replaced.slice(0, MAX_SECRETS - 2), ...replaced.slice(-1)];
  return JSON.stringify([secret, ...kept]);
}
