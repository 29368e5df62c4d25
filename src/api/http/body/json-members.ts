/** The range of bytes that contains a value. */
export type ValueRange = { start: number; end: number };
export type Member = ValueRange & { name: string };

export const QUOTE = 0x22;
const BACKSLASH = 0x5c;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const COMMA = 0x2c;
export const COLON = 0x3a;

export const isJsonWhitespace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** The nesting depth of objects and arrays. For text that is not JSON, the result is arbitrary. */
export function nestingDepth(
  text: Buffer,
  { start, end }: ValueRange = { start: 0, end: text.length },
): number {
  let depth = 0;
  let deepest = 0;
  for (let i = start; i < end; i++) {
    const byte = text[i];
    if (byte === QUOTE) i = endOfString(text, i) - 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) deepest = Math.max(deepest, ++depth);
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
  }
  return deepest;
}

/** The members of the object at `range` in order, including duplicate names. The text must be valid JSON. */
export function membersOf(text: Buffer, range: ValueRange): Member[] {
  const members: Member[] = [];
  for (const item of itemsOf(text, range)) {
    const nameEnd = endOfString(text, item.start);
    // Names can contain escapes: "\u0064ata" is `data`.
    const name: string = JSON.parse(text.toString('utf8', item.start, nameEnd));
    let start = nameEnd;
    while (text[start] !== COLON) start++;
    do start++;
    while (isJsonWhitespace(text[start]));
    members.push({ name, start, end: item.end });
  }
  return members;
}

/** The range of the value of a JSON text, without the white space around it. */
export function valueRange(text: Buffer): ValueRange {
  let start = 0;
  let end = text.length;
  while (isJsonWhitespace(text[start])) start++;
  while (end > start && isJsonWhitespace(text[end - 1])) end--;
  return { start, end };
}

/** The position after the value that starts at `start`. For text that is not JSON, some position at or after `start`. */
export function valueEnd(text: Buffer, start: number): number {
  if (text[start] === QUOTE) return Math.min(endOfString(text, start), text.length);
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const byte = text[i];
    if (byte === QUOTE) i = endOfString(text, i) - 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 0) return i;
      if (--depth === 0) return i + 1;
    } else if (depth === 0 && (byte === COMMA || isJsonWhitespace(byte))) return i;
  }
  return text.length;
}

/** The ranges between the commas of one level, without the white space around them. */
function itemsOf(text: Buffer, { start, end }: ValueRange): ValueRange[] {
  const items: ValueRange[] = [];
  let depth = 0;
  let first = start + 1;
  const take = (until: number): void => {
    let last = until;
    while (isJsonWhitespace(text[first])) first++;
    while (last > first && isJsonWhitespace(text[last - 1])) last--;
    if (last > first) items.push({ start: first, end: last });
    first = until + 1;
  };
  for (let i = start + 1; i < end - 1; i++) {
    const byte = text[i];
    if (byte === QUOTE) i = endOfString(text, i) - 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    else if (byte === COMMA && depth === 0) take(i);
  }
  take(end - 1);
  return items;
}

/** The position after the closing quote of the string that opens at `open`, or the end of the text. */
function endOfString(text: Buffer, open: number): number {
  let i = open + 1;
  while (i < text.length && text[i] !== QUOTE) i += text[i] === BACKSLASH ? 2 : 1;
  return i + 1;
}
