import { createScanner } from 'jsonc-parser';

export type Token = {
  kind: 'key' | 'string' | 'number' | 'word' | 'punctuation' | 'unknown' | 'space';
  text: string;
};

/** `SyntaxKind` of jsonc-parser, a const enum that cannot be imported file by file. */
const KINDS: Record<number, Token['kind']> = {
  1: 'punctuation',
  2: 'punctuation',
  3: 'punctuation',
  4: 'punctuation',
  5: 'punctuation',
  6: 'punctuation',
  7: 'word',
  8: 'word',
  9: 'word',
  10: 'string',
  11: 'number',
};
const LINE_BREAK = 14;
const TRIVIA = 15;
const END = 17;

/** Deeper lines are indented no further, or a hostile body would need space that grows with its square. */
const MAX_INDENT = 20;

/**
 * Indents JSON without reading a value: numbers keep all their digits, and keys that come twice stay. Returns undefined
 * for text that is not JSON, which is shown as it is. `isCut`: the text may end anywhere.
 */
export function prettyTokens(json: string, isCut = false): Token[] | undefined {
  const scanner = createScanner(json, false);
  const tokens: Token[] = [];
  let depth = 0;
  const line = (): void => {
    tokens.push({ kind: 'space', text: `\n${'  '.repeat(Math.min(depth, MAX_INDENT))}` });
  };
  for (let kind: number = scanner.scan(); kind !== END; kind = scanner.scan()) {
    if (kind === LINE_BREAK || kind === TRIVIA) continue;
    const known = KINDS[kind];
    const end = scanner.getTokenOffset() + scanner.getTokenLength();
    const text = json.slice(scanner.getTokenOffset(), end);
    if (known === undefined || scanner.getTokenError() !== 0) {
      if (!isCut || end < json.length) return undefined;
      tokens.push({ kind: 'unknown', text });
      break;
    }
    const closes = text === '}' || text === ']';
    if (known === 'punctuation' && closes) {
      if (depth === 0) return undefined;
      depth -= 1;
      if (tokens.at(-1)?.text.startsWith('\n') && isOpening(tokens.at(-2))) tokens.pop();
      else line();
    }
    if (text === ':') markKey(tokens);
    tokens.push({ kind: known, text });
    if (text === ':') tokens.push({ kind: 'space', text: ' ' });
    if (known === 'punctuation' && (text === '{' || text === '[')) depth += 1;
    if (known === 'punctuation' && (text === '{' || text === '[' || text === ',')) line();
  }
  return (isCut || depth === 0) && tokens.length > 0 ? tokens : undefined;
}

const isOpening = (token: Token | undefined): boolean =>
  token?.kind === 'punctuation' && (token.text === '{' || token.text === '[');

function markKey(tokens: Token[]): void {
  const key = tokens.at(-1);
  if (key?.kind === 'string') tokens[tokens.length - 1] = { ...key, kind: 'key' };
}
