import { randomFillSync } from 'node:crypto';

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

const RANDOM_CHARACTERS = 16;
// Random bytes of 256 ids. A call of the random generator costs 2 µs to 10 µs, however few bytes it returns.
const randomBytes = Buffer.alloc(256 * RANDOM_CHARACTERS);
let used = randomBytes.length;

function randomPart(): string {
  if (used === randomBytes.length) {
    randomFillSync(randomBytes);
    used = 0;
  }
  let random = '';
  for (const end = used + RANDOM_CHARACTERS; used < end; used++) random += ALPHABET[randomBytes[used]! & 31];
  return random;
}

/** Returns 26 characters that sort by time of creation (ULID layout, lower case, Crockford's alphabet). */
export const sortableId = (nowMs: number): string => timePart(nowMs) + randomPart();

/** Returns a new id. `nowMs` is Postgres's time in milliseconds since the epoch, because lists are sorted by id. */
export const newId = (prefix: 'prj' | 'key' | 'ep' | 'evt' | 'dlv', nowMs: number): string =>
  `${prefix}_${sortableId(nowMs)}`;

/** Returns an id by the process's own clock, for requests and processes, which are not listed by id. */
export const localClockId = (prefix: 'req' | 'prc'): string => `${prefix}_${sortableId(Date.now())}`;

/** Returns a bound that sorts before every id created at or after `ms`, and after all earlier ids. */
export const minIdAt = (prefix: 'dlv', ms: number): string => `${prefix}_${timePart(ms)}`;

/** Returns a bound that sorts after every id of the kind, in any collation. */
export const maxId = (prefix: 'key' | 'ep' | 'dlv'): string => `${prefix}_${'z'.repeat(27)}`;
