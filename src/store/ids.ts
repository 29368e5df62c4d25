import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** 26 characters that sort by the time they were made (ULID layout, lower case, Crockford's alphabet). */
export function sortableId(nowMs: number): string {
  let time = '';
  for (let rest = Math.floor(nowMs), i = 0; i < 10; i++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let random = '';
  for (const byte of randomBytes(16)) random += ALPHABET[byte & 31];
  return time + random;
}

/** `nowMs` by Postgres's clock, since lists are in the order of ids. */
export const newId = (prefix: 'prj' | 'key' | 'ep' | 'evt' | 'dlv', nowMs: number): string =>
  `${prefix}_${sortableId(nowMs)}`;

/** For what is in no list: requests, which are not stored, and processes. */
export const unlistedId = (prefix: 'req' | 'prc'): string => `${prefix}_${sortableId(Date.now())}`;
