import { Problem } from '../../problems/problem.ts';
import { isJsonWhitespace, type Member, type ValueRange, valueEnd } from './json-members.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * The members of the object that `text` holds, which is not known to be JSON: what stands around and between their values
 * is checked here, the values are not. Throws malformed_json.
 */
export function scanMembers(text: Buffer): Member[] {
  const members: Member[] = [];
  const end = separated(text, afterSpace(text, 0), OPEN_BRACE, CLOSE_BRACE, (start) => {
    if (text[start] !== QUOTE) throw malformed(start);
    const nameEnd = valueEnd(text, start);
    const name = parseValue(text, { start, end: nameEnd }) as string;
    const colon = afterSpace(text, nameEnd);
    if (text[colon] !== COLON) throw malformed(colon);
    const range = rangeAt(text, afterSpace(text, colon + 1));
    members.push({ name, ...range });
    return range.end;
  });
  if (afterSpace(text, end) < text.length) throw malformed(afterSpace(text, end));
  return members;
}

/** The elements of the array at `range`, at most `most` of them. What is between them is checked, they are not. */
export function* scanElements(text: Buffer, range: ValueRange, most: number): Generator<ValueRange> {
  let at = afterSpace(text, range.start + 1);
  if (text[at] === CLOSE_BRACKET) return;
  for (let count = 0; count < most; count++) {
    const element = rangeAt(text, at);
    yield element;
    at = afterSpace(text, element.end);
    if (text[at] === CLOSE_BRACKET) {
      if (at !== range.end - 1) throw malformed(at);
      return;
    }
    if (text[at] !== COMMA) throw malformed(at);
    at = afterSpace(text, at + 1);
  }
}

export const isArrayAt = (text: Buffer, { start }: ValueRange): boolean => text[start] === OPEN_BRACKET;

/** The value at `range`, as JSON.parse reads it; throws malformed_json with the place in the whole text. */
export function parseValue(text: Buffer, { start, end }: ValueRange): unknown {
  try {
    return JSON.parse(text.toString('utf8', start, end));
  } catch (error) {
    // V8's message quotes the body, which must not reach logs or error bodies: only the place is passed on.
    const place = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw malformed(start + Number(place ?? 0));
  }
}

/** Goes over what stands between two brackets, separated by commas; returns the place after the second. */
function separated(
  text: Buffer,
  open: number,
  opening: number,
  closing: number,
  take: (start: number) => number,
): number {
  if (text[open] !== opening) throw malformed(open);
  let at = afterSpace(text, open + 1);
  if (text[at] === closing) return at + 1;
  for (;;) {
    at = afterSpace(text, take(at));
    if (text[at] === closing) return at + 1;
    if (text[at] !== COMMA) throw malformed(at);
    at = afterSpace(text, at + 1);
  }
}

function rangeAt(text: Buffer, start: number): ValueRange {
  const end = valueEnd(text, start);
  if (end === start) throw malformed(start);
  return { start, end };
}

function afterSpace(text: Buffer, from: number): number {
  let at = from;
  while (isJsonWhitespace(text[at])) at++;
  return at;
}

const malformed = (place: number): Problem =>
  new Problem('malformed_json', `The body is not JSON (at position ${place}).`);
