import { isObject } from './references.ts';

/** True when no two items are equal. Takes time proportional to their size; Ajv's own check compares every pair. */
export function hasUniqueItems(items: unknown[]): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    const text = canonical(item);
    if (seen.has(text)) return false;
    seen.add(text);
  }
  return true;
}

/** Equal values give the same text: members are sorted by name, and 1.0 is written as 1. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (isObject(value)) {
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value); // JSON.stringify would write 1e999 as null
}
