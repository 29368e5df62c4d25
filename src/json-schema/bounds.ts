import { pointerBelow } from './json-pointer.ts';
import { type Kind, kindOf } from './keywords.ts';
import { patternSize } from './patterns.ts';
import { isObject, pointerOfReference, valueAt } from './references.ts';
import { nothing, repeated, type Size, sum, widest } from './size.ts';
import type { Violation } from './violations.ts';

export const MAX_SCHEMA_BYTES = 32 * 1024;
/** Of the text, and of schemas in each other once references are followed. */
const MAX_NESTING = 100;
const MAX_DEPTH = 32;
/** Ajv takes up to 0.15 ms to compile one. */
const MAX_SIZE = 2_000;
const MAX_REPEATED_SIZE = 500;
/** A megabyte is read in 2 ms. */
const MAX_READS = 100;
const READS_TO_COMPARE = 50;
/** Ajv nests the code of one in that of the one before. */
const MAX_LIST = 100;
const MAX_NAMED = 300;
/** Of a pattern's program, for what else counts as one. */
const STEPS_OF_PATTERN = 10;

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** Why a schema is refused; or how much of it there is. */
export type Bounds = { problems: Violation[] } | Size;

/**
 * Why checking data against the schema could take long, with JSON pointers into it; else its size. Without recursion a
 * schema is a tree, which is gone through at most once for each value of the data.
 */
export function boundsOf(schema: unknown, bytes: number): Bounds {
  if (bytes > MAX_SCHEMA_BYTES) return refused(`has more than ${MAX_SCHEMA_BYTES} bytes`);
  if (typeof schema === 'boolean') return nothing;
  if (!isObject(schema)) return refused('must be an object');
  if (isDeeper(schema, MAX_NESTING)) return refused(`is nested more than ${MAX_NESTING} deep`);
  const problems: Violation[] = [];
  const sizes = new Map<string, Size>();
  const open = new Set<string>();
  let steps = 0;

  function sizeOf(part: unknown, pointer: string, depth: number): Size {
    if (!isObject(part)) return { ...nothing, all: 1 };
    const known = sizes.get(pointer);
    if (open.has(pointer))
      return refuse(pointer, 'refers to itself: no data could be said to be checked in time');
    if (depth + (known?.depth ?? 0) > MAX_DEPTH)
      return refuse(pointer, `is nested more than ${MAX_DEPTH} deep`);
    if (known) return known;
    open.add(pointer);
    const parts = Object.entries(part).map(([keyword, value]) =>
      sizeOfKeyword(keyword, value, pointerBelow(pointer, keyword), depth + 1),
    );
    const { depth: inner, ...size } = sum([{ ...nothing, all: 1 }, ...parts]);
    open.delete(pointer);
    sizes.set(pointer, { ...size, depth: inner + 1 });
    return sizes.get(pointer)!;
  }

  function sizeOfKeyword(keyword: string, value: unknown, place: string, depth: number): Size {
    const kind = kindOf(keyword);
    const own = { ...nothing, all: 1 };
    const each = () => membersOf(value).map(([name, one]) => sizeOf(one, pointerBelow(place, name), depth));
    const rules: Record<Kind, () => Size> = {
      annotation: () => nothing,
      value: () => ({ ...nothing, all: 1 + valuesIn(value) }),
      scalars: () => {
        for (const [name, one] of keyword === 'enum' ? membersOf(value) : [['', value] as const])
          if (typeof one === 'object' && one !== null)
            refuse(
              name === '' ? place : pointerBelow(place, name),
              'must be a text, number, truth value or null',
            );
        return { ...nothing, all: 1 + valuesIn(value) };
      },
      reads: () => ({ ...own, reads: 1 }),
      compares: () => (value === true ? { ...own, reads: READS_TO_COMPARE } : nothing),
      counts: () => repeated(own),
      pattern: () => sizeOfPattern(value, place),
      schema: () => sizeOf(value, place, depth),
      schemas: () => {
        if (membersOf(value).length > MAX_LIST) return refuse(place, `has more than ${MAX_LIST} entries`);
        return keyword === 'prefixItems' ? widest(each()) : sum(each());
      },
      namedSchemas: () => {
        if (membersOf(value).length > MAX_NAMED) return refuse(place, `has more than ${MAX_NAMED} members`);
        return keyword === 'properties' ? widest(each()) : sum(each());
      },
      repeated: () => repeated(sizeOf(value, place, depth)),
      repeatedByPattern: () => {
        if (membersOf(value).length > MAX_LIST) return refuse(place, `has more than ${MAX_LIST} members`);
        const patterns = membersOf(value).map(([name]) => sizeOfPattern(name, pointerBelow(place, name)));
        return repeated(sum([...patterns, ...each()]));
      },
      aside: () => {
        sizeOf(value, place, depth);
        return nothing;
      },
      namedAside: () => {
        each();
        return nothing;
      },
      reference: () => sizeOfReference(value, place, depth),
      draft: () =>
        value === DRAFT || value === `${DRAFT}#` ? nothing : refuse(place, `must be ${DRAFT}, or left out`),
      refused: () => refuse(place, 'cannot be used'),
    };
    return kind === undefined ? nothing : rules[kind]();
  }

  function sizeOfReference(reference: unknown, place: string, depth: number): Size {
    if (typeof reference !== 'string' || !/^#(\/|$)/.test(reference))
      return refuse(place, 'must be a JSON pointer within the schema: #/$defs/name');
    const pointer = pointerOfReference(reference);
    const named = valueAt(schema, pointer);
    if (named === undefined) return refuse(place, 'leads nowhere');
    if (typeof named !== 'boolean' && !isObject(named)) return refuse(place, 'leads to what is no schema');
    return sizeOf(named, pointer, depth);
  }

  function sizeOfPattern(pattern: unknown, place: string): Size {
    if (typeof pattern !== 'string') return nothing;
    // Stops before it has compiled what is too much anyway.
    if (steps > MAX_SIZE * STEPS_OF_PATTERN) return refuse(place, 'is too much, with the patterns before it');
    const size = patternSize(pattern);
    if (typeof size === 'string') {
      steps += MAX_SIZE; // finding out has taken its time, too
      return refuse(place, size);
    }
    steps += size;
    return { ...nothing, all: 1 + Math.ceil(size / STEPS_OF_PATTERN), patterns: 1 };
  }

  function refuse(pointer: string, detail: string): Size {
    if (problems.length < 20) problems.push({ pointer, detail });
    return nothing;
  }

  const size = sizeOf(schema, '', 0);
  if (problems.length > 0) return { problems };
  if (size.all > MAX_SIZE)
    return refused(`holds more than ${MAX_SIZE} schemas, keywords and their values, references repeated`);
  if (size.repeated > MAX_REPEATED_SIZE)
    return refused(`holds more than ${MAX_REPEATED_SIZE} of them against each item or member`);
  if (size.reads > MAX_READS) return refused('has too many lengths and uniqueItems for one value');
  return size;
}

const refused = (detail: string): Bounds => ({ problems: [{ pointer: '', detail }] });

const membersOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

const valuesIn = (value: unknown): number =>
  membersOf(value).reduce((total, [, one]) => total + 1 + valuesIn(one), 0);

const isDeeper = (value: unknown, most: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (most === 0 || Object.values(value).some((one) => isDeeper(one, most - 1)));
