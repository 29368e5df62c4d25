import { isUtf8 } from 'node:buffer';
import { childPointer } from '../../../json-schema/json-pointer.ts';
import { invalidBody, Problem } from '../../problems/problem.ts';
import { type Member, membersOf, nestingDepth, OPEN_BRACE, valueRange } from './json-members.ts';
import { parseValue } from './json-scanner.ts';

/** A parsed body: its value, and the original bytes of each member. */
export type JsonDocument = { bytes: Buffer; value: unknown; members: Member[] };

/** Parsing a larger body takes so long that it must run in time slices; a smaller one is parsed before a slice ends. */
export const LARGE_BODY_BYTES = 64 * 1024;

/** JSON.parse accepts a nesting of 1,000,000, but code that walks the value later would overflow the stack. */
export const MAX_NESTING = 64;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Parses a request body. Throws malformed_json for invalid UTF-8, a byte order mark, a nesting deeper than 64, and invalid
 * JSON; throws invalid_body for duplicate names (see `refuseDuplicateNames`).
 */
export function readJsonDocument(bytes: Buffer): JsonDocument {
  requireUtf8WithoutBom(bytes);
  if (nestingDepth(bytes) > MAX_NESTING) throw tooDeep();
  const value = parseValue(bytes, { start: 0, end: bytes.length });
  const range = valueRange(bytes);
  const members = bytes[range.start] === OPEN_BRACE ? membersOf(bytes, range) : [];
  refuseDuplicateNames(bytes, members, '');
  return { bytes, value, members };
}

/** Throws malformed_json for invalid UTF-8 and for a byte order mark. */
export function requireUtf8WithoutBom(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new Problem('malformed_json', 'The body is not valid UTF-8.');
  if (bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) {
    throw new Problem('malformed_json', 'The body starts with a byte order mark.');
  }
}

export const tooDeep = (): Problem =>
  new Problem('malformed_json', `The body is nested more than ${MAX_NESTING} levels deep.`);

/**
 * Throws invalid_body when a name appears twice in `members`, or in one of them that is an object, except `data`, which
 * may contain any JSON. JSON.parse would silently drop the first of two members, and zod drops a member `__proto__`.
 */
export function refuseDuplicateNames(text: Buffer, members: Member[], prefix: string): void {
  refuseDuplicates(members, prefix);
  for (const member of members) {
    if (member.name === 'data' || text[member.start] !== OPEN_BRACE) continue;
    refuseDuplicates(membersOf(text, member), childPointer(prefix, member.name));
  }
}

function refuseDuplicates(members: Member[], prefix: string): void {
  const seen = new Set<string>(['__proto__']);
  for (const { name } of members) {
    if (seen.has(name)) {
      const detail = name === '__proto__' ? 'is a reserved name' : 'appears twice';
      throw invalidBody([{ pointer: childPointer(prefix, name), detail }]);
    }
    seen.add(name);
  }
}
