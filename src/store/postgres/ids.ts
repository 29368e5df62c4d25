import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** The first ten characters of every id that is made in that millisecond. */
function timePart(ms: number): string {
  let time = '';
  for (let rest = Math.max(0, Math.floor(ms)), i = 0; i < 10; i++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  return time;
}

/** 26 characters that sort by the time they were made (ULID layout, lower case, Crockford's alphabet). */
export function sortableId(nowMs: number): string {
  let random = '';
  for (const byte of randomBytes(16)) random += ALPHABET[byte & 31];
  return timePart(nowMs) + random;
}

/** `nowMs` by Postgres's clock, since lists are in the order of ids. */
export const newId = (prefix: 'prj' | 'key' | 'ep' | 'evt' | 'dlv', nowMs: number): string =>
  `${prefix}_${sortableId(nowMs)}`;

/** For what is in no list: requests, which are not stored, and processes. */
export const localClockId = (prefix: 'req' | 'prc'): string => `${prefix}_${sortableId(Date.now())}`;

/** Sorts before every id that is made from `ms` on, and after those made before. */
export const minIdAt = (prefix: 'dlv', ms: number): string => `${prefix}_${timePart(ms)}`;

/** Sorts after every id of the kind, in the collation of any database. */
export const maxId = (prefix: 'key' | 'ep' | 'dlv'): string => `${prefix}_${'z'.repeat(27)}`;
