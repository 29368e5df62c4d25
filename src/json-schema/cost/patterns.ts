import type { RegExpEngine, RegExpLike } from 'ajv/dist/types/index.js';
import { RE2JS } from 're2js';
import { estimateProgramSize } from './pattern-estimate.ts';

/** Thrown when the patterns of a schema would exceed the time allowed for data of this size. */
export class PatternBudgetExceeded extends RangeError {}

/** Steps of pattern programs allowed for each byte of data: a megabyte of data takes less than a second. */
const STEPS_PER_BYTE = 20;
/** Steps allowed for data of any size: small data could otherwise not be matched by large patterns. */
const MIN_STEPS = 200_000;
/** Limit for the instructions of a program: the short pattern `(a{1000}){1000}` has a million. */
const MAX_INSTRUCTIONS = 1_000;
const TOO_LARGE = 'is too large once its repetitions are expanded';
/** Beyond this size, the automaton states that a pattern caches are dropped: some patterns would cache up to 8 MiB. */
const MAX_CACHED_STATE_BYTES = 256 * 1024;

/**
 * Returns a regular expression engine for one schema. RE2 has no lookaround and no backreferences, so each character
 * takes at most as many steps as the program has instructions. `withBudget` limits the total number of steps while
 * `work` runs; `bytes` is the size of the data. Matching throws PatternBudgetExceeded beyond that limit.
 */
export function createPatternEngine(): {
  engine: RegExpEngine;
  withBudget<T>(bytes: number, work: () => T): T;
} {
  let stepsLeft = 0;

  const createMatcher = (source: string): RegExpLike => {
    let { pattern, size } = compile(source);
    const test = (text: string): boolean => {
      stepsLeft -= (text.length + 1) * size;
      if (stepsLeft < 0) throw new PatternBudgetExceeded();
      const matches = pattern.test(text);
      if (cachedStateBytes(pattern) > MAX_CACHED_STATE_BYTES) pattern = compile(source).pattern;
      return matches;
    };
    // Ajv compares patterns by their text.
    return Object.assign({ test }, { toString: () => source });
  };

  return {
    engine: Object.assign(createMatcher, { code: 'compiledPattern' }),
    withBudget(bytes, work) {
      stepsLeft = MIN_STEPS + bytes * STEPS_PER_BYTE;
      return work();
    },
  };
}

/** The number of instructions of a pattern's program; or, as text, why the pattern is refused. */
export function patternProgramSize(source: string): number | string {
  try {
    return compile(source).size;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    return 'must be a regular expression in RE2 syntax, which has no lookaround and no backreferences';
  }
}

/** Size of the automaton states that re2js has cached while matching. */
function cachedStateBytes(pattern: RE2JS): number {
  const states = pattern.re2().lazyDFA;
  return states ? states.maxMem - states.memBudget : 0;
}

function compile(source: string): { pattern: RE2JS; size: number } {
  // The estimate may be too high, so only patterns with twice the limit are refused before compiling.
  const estimate = estimateProgramSize(source);
  if (estimate > 2 * MAX_INSTRUCTIONS) throw new RangeError(TOO_LARGE);
  const pattern = RE2JS.compile(RE2JS.translateRegExp(source));
  const size = pattern.programSize();
  if (size > MAX_INSTRUCTIONS) throw new RangeError(TOO_LARGE);
  return { pattern, size: Math.max(size, estimate) };
}
