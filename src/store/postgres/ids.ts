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
export const newId = (
  prefix: 'prj' | 'key' | 'ep' | 'evt' | 'dlv' | 'aud' | 'era' | 'rec' | 'can' | 'ses' | 'plk',
  nowMs: number,
): string => `${prefix}_${sortableId(nowMs)}`;

let lastMs = -1;
let lastRandom = '';

/**
 * Returns the id of a new delivery. Ids that a process creates one after another for the same millisecond increase, because
 * queues break ties of due time by id: without it, a batch would leave in random order.
 */
export function deliveryId(nowMs: number): string {
  const next = nowMs === lastMs ? successorOf(lastRandom) : null;
  lastMs = nowMs;
  lastRandom = next ?? randomPart();
  return `dlv_${timePart(nowMs)}${lastRandom}`;
}

/** The next text of the same length, or null after the last one. */
function successorOf(text: string): string | null {
  const head = text.replace(/z+$/, '');
  if (head === '') return null;
  const next = ALPHABET[ALPHABET.indexOf(head.at(-1)!) + 1]!;
  return head.slice(0, -1) + next + '0'.repeat(text.length - head.length);
}

/** Returns an id by the process's own clock, for requests and processes, which are not listed by id. */
export const localClockId = (prefix: 'req' | 'prc'): string => `${prefix}_${sortableId(Date.now())}`;

/** Returns a bound that sorts before every id created at or after `ms`, and after all earlier ids. */
export const minIdAt = (prefix: 'dlv' | 'aud', ms: number): string => `${prefix}_${timePart(ms)}`;

/** The time at which an id was created, to the millisecond. */
export function timeOfId(id: string): Date {
  let ms = 0;
  for (const character of id.slice(id.indexOf('_') + 1).slice(0, 10))
    ms = ms * 32 + ALPHABET.indexOf(character);
  return new Date(ms);
}

/** Returns a bound that sorts after every id of the kind, in any collation. */
export const maxId = (prefix: 'key' | 'ep' | 'dlv' | 'aud' | 'era' | 'rec' | 'can' | 'ses'): string =>
  `${prefix}_${'z'.repeat(27)}`;
