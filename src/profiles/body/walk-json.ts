import { childPointer } from '../../json-schema/json-pointer.ts';

/** Callbacks of a walk. `pointer` computes the JSON pointer (RFC 6901) on demand, because few pointers are needed. */
export type JsonVisitor = {
  number(text: string, pointer: () => string): void;
  /** A second member of the same name. JSON.parse keeps only the last one. */
  duplicateMember(pointer: () => string): void;
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
/** Digits and `+ - . E e`. */
const isNumberCharacter = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  code === 0x2b ||
  code === 0x2d ||
  code === 0x2e ||
  code === 0x45 ||
  code === 0x65;
const isLetter = (code: number): boolean => code >= 0x61 && code <= 0x7a;

/**
 * Reports to `visitor` what JSON.parse hides: the text of numbers, and repeated members. `json` must be valid, and no
 * deeper than the limit for request bodies, because the walk is recursive.
 */
export function walkJson(json: string, root: string, visitor: JsonVisitor): void {
  let at = 0;
  const path: (string | number)[] = [];
  const pointer = (): string => path.reduce<string>(childPointer, root);

  const skipSpace = (): void => {
    while (isSpace(json.charCodeAt(at))) at++;
  };
  const skipSeparator = (separator: number): void => {
    skipSpace();
    if (json.charCodeAt(at) === separator) at++;
    skipSpace();
  };
  const takeString = (): string => {
    const start = at++;
    for (let code = json.charCodeAt(at); code !== QUOTE; code = json.charCodeAt(at))
      at += code === BACKSLASH ? 2 : 1;
    return json.slice(start, ++at);
  };

  const visitObject = (): void => {
    const names = new Set<string>();
    for (at++, skipSpace(); json.charCodeAt(at) !== CLOSE_BRACE; skipSeparator(0x2c)) {
      const name = JSON.parse(takeString()) as string;
      path.push(name);
      if (names.has(name)) visitor.duplicateMember(pointer);
      names.add(name);
      skipSeparator(0x3a);
      visitValue();
      path.pop();
    }
    at++;
  };
  const visitArray = (): void => {
    at++;
    skipSpace();
    for (let index = 0; json.charCodeAt(at) !== CLOSE_BRACKET; index++, skipSeparator(0x2c)) {
      path.push(index);
      visitValue();
      path.pop();
    }
    at++;
  };
  const visitValue = (): void => {
    const code = json.charCodeAt(at);
    if (code === OPEN_BRACE) visitObject();
    else if (code === OPEN_BRACKET) visitArray();
    else if (code === QUOTE) takeString();
    else if (isLetter(code)) while (isLetter(json.charCodeAt(at))) at++;
    else {
      const start = at;
      while (isNumberCharacter(json.charCodeAt(at))) at++;
      visitor.number(json.slice(start, at), pointer);
    }
  };

  skipSpace();
  visitValue();
}
