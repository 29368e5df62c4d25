import type { Violation } from './compile-schema.ts';
import { pointerBelow } from './json-pointer.ts';
import { problemWithPattern } from './patterns.ts';
import { isObject, pointerOfReference, valueAt } from './references.ts';

export const MAX_SCHEMA_BYTES = 32 * 1024;
const MAX_DEPTH = 32;
/** Schemas and values of `enum`, counted wherever a reference repeats them. */
const MAX_SIZE = 5_000;
/** Of those, what is held against each item of an array or each member of an object: data decides how often. */
const MAX_REPEATED_SIZE = 500;
/** Comparing each item with each other takes the square of it. */
const MAX_UNIQUE_ITEMS = 100;

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';
const SCHEMA = ['not', 'if', 'then', 'else'];
const SCHEMAS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const NAMED_SCHEMAS = ['properties', 'dependentSchemas'];
const REPEATED_SCHEMA = [
  'items',
  'contains',
  'additionalProperties',
  'propertyNames',
  'unevaluatedItems',
  'unevaluatedProperties',
];
const REPEATED_NAMED_SCHEMAS = ['patternProperties'];
const REFUSED = [
  '$id',
  '$anchor',
  '$dynamicAnchor',
  '$dynamicRef',
  '$recursiveRef',
  '$recursiveAnchor',
  '$vocabulary',
];

/** Why a schema is refused; or its part that may come once for each value of the data. */
export type Bounds = { problems: Violation[] } | { repeated: number };

/** How much checking a schema can take: all of it, and the part that may come once for each item of the data. */
type Size = { all: number; repeated: number };

/**
 * Why checking data against the schema could take long, with JSON pointers into it; empty when it cannot. Without
 * recursion a schema is a tree, which is gone through at most once for each value of the data.
 */
export function boundsOf(schema: unknown, bytes: number): Bounds {
  if (bytes > MAX_SCHEMA_BYTES) return refused(`has more than ${MAX_SCHEMA_BYTES} bytes`);
  if (typeof schema === 'boolean') return { repeated: 0 };
  if (!isObject(schema)) return refused('must be an object');
  const problems: Violation[] = [];
  const sizes = new Map<string, Size>();
  const open = new Set<string>();
  const nothing: Size = { all: 0, repeated: 0 };

  function sizeOf(part: unknown, pointer: string, depth: number): Size {
    if (!isObject(part)) return { all: 1, repeated: 0 };
    const known = sizes.get(pointer);
    if (known) return known;
    if (open.has(pointer))
      return refuse(pointer, 'refers to itself: no data could be said to be checked in time');
    if (depth > MAX_DEPTH) return refuse(pointer, `is nested more than ${MAX_DEPTH} deep`);
    open.add(pointer);
    const size = sum([{ all: 1, repeated: 0 }, ...partsOf(part, pointer, depth + 1)]);
    open.delete(pointer);
    sizes.set(pointer, size);
    return size;
  }

  function* partsOf(part: Record<string, unknown>, pointer: string, depth: number): Generator<Size> {
    for (const [keyword, value] of Object.entries(part)) {
      const place = pointerBelow(pointer, keyword);
      if (REFUSED.includes(keyword)) yield refuse(place, 'cannot be used: references are by JSON pointer');
      else if (keyword === '$schema' && value !== DRAFT && value !== `${DRAFT}#`)
        yield refuse(place, `must be ${DRAFT}, or left out`);
      else if (keyword === '$ref') yield sizeOfReference(value, place, depth);
      else if (keyword === 'enum' && Array.isArray(value)) yield { all: value.length, repeated: 0 };
      else if (keyword === 'uniqueItems' && value === true && !(Number(part.maxItems) <= MAX_UNIQUE_ITEMS))
        yield refuse(place, `needs a maxItems of at most ${MAX_UNIQUE_ITEMS}`);
      else if (SCHEMA.includes(keyword)) yield sizeOf(value, place, depth);
      else if (SCHEMAS.includes(keyword) || NAMED_SCHEMAS.includes(keyword))
        for (const [name, one] of membersOf(value)) yield sizeOf(one, pointerBelow(place, name), depth);
      else if (REPEATED_SCHEMA.includes(keyword)) yield repeated(sizeOf(value, place, depth));
      else if (keyword === 'pattern') refusePattern(value, place);
      else if (REPEATED_NAMED_SCHEMAS.includes(keyword))
        for (const [name, one] of membersOf(value)) {
          refusePattern(name, pointerBelow(place, name));
          yield repeated(sizeOf(one, pointerBelow(place, name), depth));
        }
    }
  }

  function sizeOfReference(reference: unknown, place: string, depth: number): Size {
    if (typeof reference !== 'string' || !/^#(\/|$)/.test(reference))
      return refuse(place, 'must be a JSON pointer within the schema: #/$defs/name');
    const pointer = pointerOfReference(reference);
    const named = valueAt(schema, pointer);
    if (named === undefined) return refuse(place, 'leads nowhere');
    return sizeOf(named, pointer, depth);
  }

  function refusePattern(pattern: unknown, place: string): void {
    const problem = typeof pattern === 'string' ? problemWithPattern(pattern) : undefined;
    if (problem !== undefined) refuse(place, problem);
  }

  function refuse(pointer: string, detail: string): Size {
    if (problems.length < 20) problems.push({ pointer, detail });
    return nothing;
  }

  const { all, repeated: often } = sizeOf(schema, '', 0);
  if (problems.length > 0) return { problems };
  if (all > MAX_SIZE) return refused(`holds more than ${MAX_SIZE} schemas, references repeated`);
  if (often > MAX_REPEATED_SIZE)
    return refused(`holds more than ${MAX_REPEATED_SIZE} schemas against each item or member`);
  return { repeated: often };
}

const refused = (detail: string): Bounds => ({ problems: [{ pointer: '', detail }] });

const membersOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

const sum = (sizes: Size[]): Size => ({
  all: sizes.reduce((total, { all }) => total + all, 0),
  repeated: sizes.reduce((total, { repeated: often }) => total + often, 0),
});

const repeated = ({ all }: Size): Size => ({ all, repeated: all });
