import { pointerTokens } from './json-pointer.ts';

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON pointer that a reference `#/…` holds. */
export function pointerFromReference(reference: string): string {
  const pointer = reference.slice(1);
  try {
    return decodeURIComponent(pointer);
  } catch {
    return pointer;
  }
}

/** What the JSON pointer (RFC 6901) names; undefined when it leads nowhere. */
export function resolvePointer(root: unknown, pointer: string): unknown {
  let value = root;
  for (const name of pointerTokens(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

export const resolveReference = (root: unknown, reference: string): unknown =>
  resolvePointer(root, pointerFromReference(reference));
