/** A class of Unicode takes as long to compile as so many letters. */
const CLASS_OF_UNICODE = 20;

type Level = {
  /** Of all before the last part. */ total: number /** Of the last part, which a count would repeat. */;
  last: number;
};

/**
 * Roughly how many instructions the program of a pattern will have, by a look at its text: compiling `a{1000}` a
 * hundred times over, only to find it too long, takes seconds.
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
        add(isUnicode ? CLASS_OF_UNICODE : 1);
        break;
      }
      case '[': {
        const end = endOfClass(source, i);
        add(1 + CLASS_OF_UNICODE * unicodeClassesIn(source, i, end));
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
  // Groups that are left open are no pattern: their size does not matter.
  return level.total + level.last;
}

const COUNT = /\{(\d{1,9})(?:(,)(\d{0,9}))?\}/y;

/** How often `{2}`, `{2,}` or `{2,5}` repeats what stands before it, and where it ends. */
function countAt(source: string, at: number): { times: number; end: number } | undefined {
  COUNT.lastIndex = at;
  const match = COUNT.exec(source);
  if (!match) return undefined;
  return { times: Number(match[3] || match[1]), end: at + match[0].length - 1 };
}

/** The last character of an escape: of `\p{Lu}` and `\x{1F600}` the brace. */
function endOfEscape(source: string, at: number): number {
  if (!/[pPxu]/.test(source[at + 1] ?? '') || source[at + 2] !== '{') return at + 1;
  const brace = source.indexOf('}', at);
  return brace === -1 || brace > at + 64 ? at + 1 : brace;
}

function endOfClass(source: string, at: number): number {
  let i = at + 1;
  if (source[i] === '^') i++;
  if (source[i] === ']') i++; // the first one is a character of the class
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
