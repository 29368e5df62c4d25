import { childPointer } from '../../json-schema/json-pointer.ts';

/** What a walk meets, each with how to get the JSON pointer (RFC 6901) to it: few of them are asked for. */
export type JsonVisitor = {
  number(text: string, pointer: () => string): void;
  /** A member whose name the object has already had: a parser keeps only the last. */
  duplicateMember(pointer: () => string): void;
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
/** Digits, and `+ - . E e`: what a number is made of. */
const isOfNumber = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  code === 0x2b ||
  code === 0x2d ||
  code === 0x2e ||
  code === 0x45 ||
  code === 0x65;
const isLetter = (code: number): boolean => code >= 0x61 && code <= 0x7a;

/**
 * Shows `visitor` what JSON.parse hides: numbers as they are written, and repeated members. `json` is known to be
 * JSON, nested no deeper than the door lets through: this recurses with it.
 */
export function walkJson(json: string, root: string, visitor: JsonVisitor): void {
  let at = 0;
  const steps: (string | number)[] = [];
  const pointer = (): string => steps.reduce<string>(childPointer, root);

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
      steps.push(name);
      if (names.has(name)) visitor.duplicateMember(pointer);
      names.add(name);
      skipSeparator(0x3a);
      visitValue();
      steps.pop();
    }
    at++;
  };
  const visitArray = (): void => {
    at++;
    skipSpace();
    for (let index = 0; json.charCodeAt(at) !== CLOSE_BRACKET; index++, skipSeparator(0x2c)) {
      steps.push(index);
      visitValue();
      steps.pop();
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
      while (isOfNumber(json.charCodeAt(at))) at++;
      visitor.number(json.slice(start, at), pointer);
    }
  };

  skipSpace();
  visitValue();
}
