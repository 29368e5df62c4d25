import { type ParseError, parseTree } from 'jsonc-parser';

/** `ParseErrorCode` of jsonc-parser, a const enum that cannot be imported file by file. */
const WORDS: Record<number, string> = {
  2: 'this number is not complete',
  3: 'a name in double quotes is expected',
  4: 'a value is missing',
  5: 'a colon is missing',
  6: 'a comma is missing',
  7: 'a closing } is missing',
  8: 'a closing ] is missing',
  9: 'the JSON ends before this',
  10: 'JSON has no comments',
  11: 'JSON has no comments',
  12: 'a closing double quote is missing',
  13: 'this number is not complete',
  14: '\\u needs four digits of 0-9 and a-f',
  15: 'after the backslash, only " \\ / b f n r t or u may follow',
  16: 'inside of text, write a line break as \\n and a tab as \\t',
};
const INVALID_SYMBOL = 1;
const COMMA_EXPECTED = 6;

/** What is wrong with text that is not JSON, and where, as a sentence; undefined if it is JSON. */
export function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    if (text.trim() === '') return 'Write JSON, such as {}.';
    const errors: ParseError[] = [];
    parseTree(text, errors, { disallowComments: true });
    const [first] = errors;
    return first ? `${placeIn(text, first.offset)}: ${wordsFor(text, first)}.` : 'This is not JSON.';
  }
}

/** `Line 3, column 5`, both from 1. */
function placeIn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `Line ${before.length}, column ${before.at(-1)!.length + 1}`;
}

function wordsFor(text: string, { error, offset, length }: ParseError): string {
  const found = text.slice(offset, offset + length);
  if (/^[}\]]/.test(found) && /,\s*$/.test(text.slice(0, offset)))
    return `the comma before ${found} is too much`;
  if (/^[}\]]$/.test(found) && error === COMMA_EXPECTED)
    return `${found} does not close the bracket that is open`;
  if (error === INVALID_SYMBOL) return `${shortened(found)} is no JSON: names and text need double quotes`;
  return WORDS[error] ?? 'this is not JSON';
}

const MAX_SHOWN = 20;
const shortened = (text: string): string => (text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);

/** Whether it can be sent. `isOptional`: it may be empty. */
export const isUsableJson = (text: string, isOptional = false): boolean =>
  (isOptional && text.trim() === '') || jsonProblem(text) === undefined;
