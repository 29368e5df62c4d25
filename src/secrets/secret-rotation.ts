import { LRUCache } from 'lru-cache';

/**
 * As stored; times in milliseconds since the epoch. A replaced secret signs until `until`, and the newest has none. One
 * that was stored before its `since` was kept may be a plain string.
 */
type StoredSecret = string | { secret: string; since?: number; until?: number };

type Secret = { secret: string; since: number | null; until: number };

/** When a secret began to sign, and when it will stop, in milliseconds since the epoch. Null: unknown, and never. */
export type SecretTimes = { since: number | null; until: number | null };

/** Every active secret signs every request, so more of them would make the headers longer. */
const MAX_SECRETS = 3;

/** Returns the text to seal for a new endpoint. */
export const serializeFirstSecret = (secret: string, now: number): string =>
  JSON.stringify([{ secret, since: now }] satisfies StoredSecret[]);

const parseSecrets = (text: string): Secret[] =>
  (JSON.parse(text) as StoredSecret[]).map((stored) => {
    const {
      secret,
      since = null,
      until = Number.POSITIVE_INFINITY,
    } = typeof stored === 'string' ? { secret: stored } : stored;
    return { secret, since, until };
  });

/** JSON leaves out what is undefined, and would write Infinity as null. */
const toStored = ({ secret, since, until }: Secret): StoredSecret => ({
  secret,
  ...(since !== null && { since }),
  ...(Number.isFinite(until) && { until }),
});

/** The secrets of the receivers of current deliveries: each attempt needs them. */
const parsedSecrets = new LRUCache<string, readonly Secret[]>({ max: 2_000 });

function parseOnce(text: string): readonly Secret[] {
  const known = parsedSecrets.get(text);
  if (known) return known;
  const secrets = parseSecrets(text);
  parsedSecrets.set(text, secrets);
  return secrets;
}

/** Returns the secrets that sign at `now` (milliseconds since the epoch), newest first. */
export const activeSecrets = (text: string, now: number): string[] =>
  parseOnce(text).flatMap(({ secret, until }) => (until > now ? [secret] : []));

/** Returns the times of the secrets that sign at `now`, newest first. */
export const activeSecretTimes = (text: string, now: number): SecretTimes[] =>
  parseSecrets(text)
    .filter(({ until }) => until > now)
    .map(({ since, until }) => ({ since, until: Number.isFinite(until) ? until : null }));

/** Returns the secret that was set last. */
export const newestSecret = (text: string): string => parseSecrets(text)[0]!.secret;

/**
 * Returns the text with `secret` as the newest. The other secrets sign for at most `overlapMs` more; the end of a replaced
 * secret is never postponed. Repeating a rotation with the same secret, as after a lost response, adds nothing. Beyond
 * three secrets, one in the middle is dropped: a caller that repeats rotations after lost responses has passed on none of
 * those, and the receiver still has the oldest one.
 */
export function withNewSecret(text: string, secret: string, now: number, overlapMs: number): string {
  const before = parseSecrets(text);
  const since = before.find((old) => old.secret === secret)?.since ?? now;
  const replaced = before
    .map((old) => ({ ...old, until: Math.min(old.until, now + overlapMs) }))
    .filter((old) => old.secret !== secret && old.until > now);
  const kept =
    replaced.length < MAX_SECRETS ? replaced : [...replaced.slice(0, MAX_SECRETS - 2), ...replaced.slice(-1)];
  return JSON.stringify([{ secret, since, until: Number.POSITIVE_INFINITY }, ...kept].map(toStored));
}
