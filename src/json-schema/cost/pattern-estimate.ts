/** A Unicode class (`\p{L}`) takes as long to compile as this many characters. */
const UNICODE_CLASS_SIZE = 20;

type Level = {
  /** Size of all parts but the last. */
  total: number;
  /** Size of the last part, which a quantifier would repeat. */
  last: number;
};

/**
 * Estimates from the text of a pattern how many instructions its program will have. Compiling a pattern such as 100
 * times `a{1000}` takes seconds, so patterns that are far too large are refused before they are compiled.
 */
export function estimateProgramSize(source: string): number {
  const outer: Level[] = [];
  let level: Level = { total: 0, last: 0 };
  const add = (size: number): void => {
    level.total += level.last;
    level.last = size;
  };

  for (let i = 0; i < source.length; i++) {
    switch (source[i]) {
      case '\\': {
        const isUnicode = source[i + 1] === 'p' || source[i + 1] === 'P';
        i = endOfEscape(source, i);
        add(isUnicode ? UNICODE_CLASS_SIZE : 1);
        break;
      }
      case '[': {
        const end = endOfClass(source, i);
        add(1 + UNICODE_CLASS_SIZE * unicodeClassesIn(source, i, end));
        i = end;
        break;
      }
      case '(':
        outer.push(level);
        level = { total: 0, last: 0 };
        break;
      case ')': {
        const inner = level.total + level.last;
        level = outer.pop() ?? { total: 0, last: 0 };
        add(inner);
        break;
      }
      case '{': {
        const count = countAt(source, i);
        if (!count) add(1);
        else {
          level.last *= count.times;
          i = count.end;
        }
        break;
      }
      default:
        add(1);
    }
  }
  // Unclosed groups make the pattern invalid, so their size does not matter.
  return level.total + level.last;
}

const COUNT = /\{(\d{1,9})(?:(,)(\d{0,9}))?\}/y;

/**
 * How often a quantifier `{2}`, `{2,}` or `{2,5}` at `at` repeats the part before it, and the index of its last
 * character.
 */
function countAt(source: string, at: number): { times: number; end: number } | undefined {
  COUNT.lastIndex = at;
  const match = COUNT.exec(source);
  if (!match) return undefined;
  return { times: Number(match[3] || match[1]), end: at + match[0].length - 1 };
}

/** The index of the last character of an escape; for `\p{Lu}` and `\x{1F600}` that is the brace. */
function endOfEscape(source: string, at: number): number {
  if (!/[pPxu]/.test(source[at + 1] ?? '') || source[at + 2] !== '{') return at + 1;
  const brace = source.indexOf('}', at);
  return brace === -1 || brace > at + 64 ? at + 1 : brace;
}

function endOfClass(source: string, at: number): number {
  let i = at + 1;
  if (source[i] === '^') i++;
  if (source[i] === ']') i++; // a leading bracket is a character of the class
  while (i < source.length && source[i] !== ']') i += source[i] === '\\' ? 2 : 1;
  return i;
}

function unicodeClassesIn(source: string, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) {
    if (source[i] !== '\\') continue;
    i++;
    if (source[i] === 'p' || source[i] === 'P') count++;
  }
  return count;
}
