import { RE2JS } from 're2js';
import type { CheckRun } from './check.ts';

export type Pattern = { test(text: string, run: CheckRun): boolean };

/** Of the compiled program: each character may have to be held against all of it. */
const MAX_PROGRAM = 500;

/**
 * Compiles a regular expression for an engine whose time grows with the text alone. What only a backtracking engine
 * can do (looking around, back references) has no such time, and is refused.
 */
export function compilePattern(text: string): Pattern | { problem: string } {
  const compiled = compiledOrNull(text);
  if (!compiled) return { problem: 'is not a regular expression of RE2: no look-around, no back references' };
  const size = compiled.programSize();
  if (size > MAX_PROGRAM) return { problem: 'is too long: repeat less, or fewer characters' };
  return {
    test: (tested, run) => {
      run.spend(1 + tested.length * size);
      return compiled.test(tested);
    },
  };
}

function compiledOrNull(text: string): RE2JS | null {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(text));
  } catch {
    return null;
  }
}
