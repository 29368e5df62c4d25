import { pointerTokens } from './json-pointer.ts';

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON Pointer in a reference `#/…`. */
export function pointerFromReference(reference: string): string {
  const pointer = reference.slice(1);
  try {
    return decodeURIComponent(pointer);
  } catch {
    return pointer;
  }
}

/** The value that a JSON Pointer (RFC 6901) points to; undefined when there is none. */
export function resolvePointer(root: unknown, pointer: string): unknown {
  let value = root;
  for (const name of pointerTokens(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** The value that a reference `#/…` points to; undefined when there is none. */
export const resolveReference = (root: unknown, reference: string): unknown =>
  resolvePointer(root, pointerFromReference(reference));
