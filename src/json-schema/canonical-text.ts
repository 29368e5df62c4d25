import { type CheckRun, isObject } from './check.ts';

/** Characters that one step writes: writing is cheaper than looking. */
const CHARACTERS_A_STEP = 8;

/** A text that two values have in common only if they are equal as JSON values: without order of members. */
export function canonicalText(value: unknown, run?: CheckRun): string {
  if (Array.isArray(value)) {
    run?.spend(value.length);
    return `[${value.map((item) => canonicalText(item, run)).join(',')}]`;
  }
  if (isObject(value)) {
    const names = Object.keys(value);
    run?.spend(names.length);
    const members = names.sort().map((name) => `${textOf(name, run)}:${canonicalText(value[name], run)}`);
    return `{${members.join(',')}}`;
  }
  return typeof value === 'string' ? textOf(value, run) : JSON.stringify(value);
}

function textOf(text: string, run: CheckRun | undefined): string {
  run?.spend(1 + Math.ceil(text.length / CHARACTERS_A_STEP));
  return JSON.stringify(text);
}
