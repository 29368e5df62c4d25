import { Problem } from '../../problems/problem.ts';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  isJsonWhitespace,
  type Member,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  type ValueRange,
  valueEnd,
} from './json-members.ts';

/**
 * The members of the object in `text`, which may not be valid JSON: the syntax around and between the members is checked,
 * but their values are not. Throws malformed_json.
 */
export function scanMembers(text: Buffer): Member[] {
  const members: Member[] = [];
  const end = scanSeparated(text, skipSpace(text, 0), OPEN_BRACE, CLOSE_BRACE, (start) => {
    if (text[start] !== QUOTE) throw malformed(start);
    const nameEnd = valueEnd(text, start);
    const name = parseValue(text, { start, end: nameEnd }) as string;
    const colon = skipSpace(text, nameEnd);
    if (text[colon] !== COLON) throw malformed(colon);
    const range = rangeAt(text, skipSpace(text, colon + 1));
    members.push({ name, ...range });
    return range.end;
  });
  if (skipSpace(text, end) < text.length) throw malformed(skipSpace(text, end));
  return members;
}

/** The first `max` elements of the array at `range`. The syntax between them is checked, but the elements are not. */
export function* scanElements(text: Buffer, range: ValueRange, max: number): Generator<ValueRange> {
  let at = skipSpace(text, range.start + 1);
  if (text[at] === CLOSE_BRACKET) return;
  for (let count = 0; count < max; count++) {
    const element = rangeAt(text, at);
    yield element;
    at = skipSpace(text, element.end);
    if (text[at] === CLOSE_BRACKET) {
      if (at !== range.end - 1) throw malformed(at);
      return;
    }
    if (text[at] !== COMMA) throw malformed(at);
    at = skipSpace(text, at + 1);
  }
}

export const isArrayAt = (text: Buffer, { start }: ValueRange): boolean => text[start] === OPEN_BRACKET;

/** The value at `range`; throws malformed_json with the position in the whole text. */
export function parseValue(text: Buffer, { start, end }: ValueRange): unknown {
  try {
    return JSON.parse(text.toString('utf8', start, end));
  } catch (error) {
    // V8's message quotes the body, which must not reach logs or responses; only the position is used.
    const position = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw malformed(start + Number(position ?? 0));
  }
}

/** Scans comma-separated items between two brackets; returns the position after the closing one. */
function scanSeparated(
  text: Buffer,
  open: number,
  opening: number,
  closing: number,
  take: (start: number) => number,
): number {
  if (text[open] !== opening) throw malformed(open);
  let at = skipSpace(text, open + 1);
  if (text[at] === closing) return at + 1;
  for (;;) {
    at = skipSpace(text, take(at));
    if (text[at] === closing) return at + 1;
    if (text[at] !== COMMA) throw malformed(at);
    at = skipSpace(text, at + 1);
  }
}

function rangeAt(text: Buffer, start: number): ValueRange {
  const end = valueEnd(text, start);
  if (end === start) throw malformed(start);
  return { start, end };
}

function skipSpace(text: Buffer, from: number): number {
  let at = from;
  while (isJsonWhitespace(text[at])) at++;
  return at;
}

const malformed = (position: number): Problem =>
  new Problem('malformed_json', `The body is not JSON (at position ${position}).`);
