import type { RegExpEngine, RegExpLike } from 'ajv/dist/types/index.js';
import { RE2JS } from 're2js';
import { estimateProgramSize } from './pattern-estimate.ts';

/** The patterns of a schema would take longer over this data than data of its size may take. */
export class PatternBudgetExceeded extends RangeError {}

/** Steps of a pattern's program, for each byte of the data. A megabyte then takes under a second. */
const STEPS_PER_BYTE = 20;
const STEPS_AT_LEAST = 200_000;
/** Instructions of a compiled program: `(a{1000}){1000}` is short, and has a million. */
const MAX_PROGRAM = 1_000;
const TOO_LONG = 'is too long, with what it repeats';
/** What a pattern has learnt of texts is forgotten beyond this: some learn from each character, up to 8 MiB. */
const MAX_KEPT_BYTES = 256 * 1024;

/**
 * The regular expressions of one schema. RE2 has no look-around and no back references, and takes time that grows with
 * the text, at most by the size of the program for each character; what remains is bounded by the size of the data.
 */
export function createPatternEngine(): {
  engine: RegExpEngine;
  withBudget<T>(bytes: number, work: () => T): T;
} {
  let stepsLeft = 0;

  const compile = (source: string): RegExpLike => {
    let { pattern, size } = compiled(source);
    const test = (text: string): boolean => {
      stepsLeft -= (text.length + 1) * size;
      if (stepsLeft < 0) throw new PatternBudgetExceeded();
      const found = pattern.test(text);
      if (keptBytes(pattern) > MAX_KEPT_BYTES) pattern = compiled(source).pattern;
      return found;
    };
    // Ajv takes two patterns of one text for the same.
    return Object.assign({ test }, { toString: () => source });
  };

  return {
    engine: Object.assign(compile, { code: 'compiledPattern' }),
    withBudget(bytes, work) {
      stepsLeft = STEPS_AT_LEAST + bytes * STEPS_PER_BYTE;
      return work();
    },
  };
}

/** Instructions of a pattern's program; or why a schema may not have it. */
export function patternProgramSize(source: string): number | string {
  try {
    return compiled(source).size;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    return 'must be a regular expression of RE2: it has no look-around and no back references';
  }
}

/** Of the states that re2js builds while it matches. */
function keptBytes(pattern: RE2JS): number {
  const states = pattern.re2().lazyDFA;
  return states ? states.maxMem - states.memBudget : 0;
}

function compiled(source: string): { pattern: RE2JS; size: number } {
  // Twice the limit: it is only roughly right.
  const estimate = estimateProgramSize(source);
  if (estimate > 2 * MAX_PROGRAM) throw new RangeError(TOO_LONG);
  const pattern = RE2JS.compile(RE2JS.translateRegExp(source));
  const size = pattern.programSize();
  if (size > MAX_PROGRAM) throw new RangeError(TOO_LONG);
  return { pattern, size: Math.max(size, estimate) };
}
