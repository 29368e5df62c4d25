import { isUtf8 } from 'node:buffer';
import { childPointer } from '../../../json-schema/json-pointer.ts';
import { invalidBody, Problem } from '../../problems/problem.ts';
import { type Member, membersOf, nestingDepth, valueRange } from './json-members.ts';
import { parseValue } from './json-skeleton.ts';

/** A body that was read: its value, and the bytes of each member as the caller wrote them. */
export type JsonDocument = { bytes: Buffer; value: unknown; members: Member[] };

/** JSON.parse takes a nesting of a million, and what walks the value later would overflow the stack. */
export const MAX_NESTING = 64;
const OPEN_BRACE = 0x7b;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads a request body. Refused as malformed_json: what is not UTF-8, a byte order mark, a nesting over 64, what
 * is not JSON. Refused as invalid_body: a member of the top level that appears twice (JSON.parse would drop one).
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

/** Throws malformed_json for what no JSON text of ours may be, before anything reads it. */
export function requireUtf8WithoutBom(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new Problem('malformed_json', 'The body is not valid UTF-8.');
  if (bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) {
    throw new Problem('malformed_json', 'The body begins with a byte order mark.');
  }
}

export const tooDeep = (): Problem =>
  new Problem('malformed_json', `The body is nested more than ${MAX_NESTING} deep.`);

/**
 * Throws when a name appears twice among `members`, or within one of them that is an object (`data` may hold
 * anything). JSON.parse would drop one silently; so would zod with a member named `__proto__`.
 */
export function refuseDuplicateNames(text: Buffer, members: Member[], prefix: string): void {
  refuseRepeated(members, prefix);
  for (const member of members) {
    if (member.name === 'data' || text[member.start] !== OPEN_BRACE) continue;
    refuseRepeated(membersOf(text, member), childPointer(prefix, member.name));
  }
}

function refuseRepeated(members: Member[], prefix: string): void {
  const seen = new Set<string>(['__proto__']);
  for (const { name } of members) {
    if (seen.has(name)) {
      const detail = name === '__proto__' ? 'is not a name that can be used' : 'appears twice';
      throw invalidBody([{ pointer: childPointer(prefix, name), detail }]);
    }
    seen.add(name);
  }
}
