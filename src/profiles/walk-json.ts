import { pointerBelow } from '../json-schema/json-pointer.ts';

/** What a walk meets, each with the JSON pointer (RFC 6901) to it. */
export type JsonVisitor = {
  number(pointer: string, text: string): void;
  /** A member whose name the object has already had: a parser keeps only the last. */
  repeatedMember(pointer: string): void;
};

const WHITESPACE = ' \t\r\n';

/**
 * Shows `visitor` what JSON.parse hides: numbers as they are written, and repeated members. `json` is known to be
 * JSON, nested no deeper than the door lets through: this recurses with it.
 */
export function walkJson(json: string, pointer: string, visitor: JsonVisitor): void {
  let at = 0;

  const skip = (characters: string) => {
    while (at < json.length && characters.includes(json.charAt(at))) at++;
  };
  const take = (characters: string): string => {
    const start = at;
    skip(characters);
    return json.slice(start, at);
  };
  const takeString = (): string => {
    const start = at++;
    for (; json[at] !== '"'; at++) if (json[at] === '\\') at++;
    return json.slice(start, ++at);
  };

  const visitObject = (place: string) => {
    const names = new Set<string>();
    for (at++, skip(WHITESPACE); json[at] !== '}'; skip(`,${WHITESPACE}`)) {
      const name = JSON.parse(takeString()) as string;
      if (names.has(name)) visitor.repeatedMember(pointerBelow(place, name));
      names.add(name);
      skip(`:${WHITESPACE}`);
      visitValue(pointerBelow(place, name));
    }
    at++;
  };
  const visitArray = (place: string) => {
    at++;
    skip(WHITESPACE);
    for (let index = 0; json[at] !== ']'; index++, skip(`,${WHITESPACE}`))
      visitValue(pointerBelow(place, index));
    at++;
  };
  const visitValue = (place: string) => {
    skip(WHITESPACE);
    if (json[at] === '{') visitObject(place);
    else if (json[at] === '[') visitArray(place);
    else if (json[at] === '"') takeString();
    else if (!take('truefalsn')) visitor.number(place, take('-+.eE0123456789'));
    skip(WHITESPACE);
  };

  visitValue(pointer);
}
