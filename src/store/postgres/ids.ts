import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** The first ten characters of every id created in that millisecond. */
function timePart(ms: number): string {
  let time = '';
  for (let rest = Math.max(0, Math.floor(ms)), i = 0; i < 10; i++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  return time;
}

/** Returns 26 characters that sort by time of creation (ULID layout, lower case, Crockford's alphabet). */
export function sortableId(nowMs: number): string {
  let random = '';
  for (const byte of randomBytes(16)) random += ALPHABET[byte & 31];
  return timePart(nowMs) + random;
}

/** Returns a new id. `nowMs` is Postgres's time in milliseconds since the epoch, because lists are sorted by id. */
export const newId = (prefix: 'prj' | 'key' | 'ep' | 'evt' | 'dlv', nowMs: number): string =>
  `${prefix}_${sortableId(nowMs)}`;

/** Returns an id by the process's own clock, for requests and processes, which are not listed by id. */
export const localClockId = (prefix: 'req' | 'prc'): string => `${prefix}_${sortableId(Date.now())}`;

/** Returns a bound that sorts before every id created at or after `ms`, and after all earlier ids. */
export const minIdAt = (prefix: 'dlv', ms: number): string => `${prefix}_${timePart(ms)}`;

/** Returns a bound that sorts after every id of the kind, in any collation. */
export const maxId = (prefix: 'key' | 'ep' | 'dlv'): string => `${prefix}_${'z'.repeat(27)}`;
