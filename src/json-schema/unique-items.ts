import { isObject } from './references.ts';

/** Whether no two items are equal, in time that grows with their size; Ajv's own compares each with each other. */
export function hasUniqueItems(items: unknown[]): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    const text = canonical(item);
    if (seen.has(text)) return false;
    seen.add(text);
  }
  return true;
}

/** The same text for equal values: members in the order of their names, and 1.0 as 1. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (isObject(value)) {
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value); // 1e999 is not null
}
