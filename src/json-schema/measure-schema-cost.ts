import { childPointer } from './json-pointer.ts';
import { type KeywordKind, keywordKind } from './keywords.ts';
import { patternProgramSize } from './patterns.ts';
import { isObject, pointerFromReference, resolvePointer } from './references.ts';
import {
  chargePerItem,
  type SchemaCost,
  sumCosts,
  sumCostsOfDistinctValues,
  ZERO_COST,
} from './schema-cost.ts';
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
export type SchemaCostResult = { problems: Violation[] } | SchemaCost;

/**
 * Why checking data against the schema could take long, with JSON pointers into it; else its size. Without recursion a
 * schema is a tree, which is gone through at most once for each value of the data.
 */
export function measureSchemaCost(schema: unknown, bytes: number): SchemaCostResult {
  if (bytes > MAX_SCHEMA_BYTES) return refused(`has more than ${MAX_SCHEMA_BYTES} bytes`);
  if (typeof schema === 'boolean') return ZERO_COST;
  if (!isObject(schema)) return refused('must be an object');
  if (isDeeper(schema, MAX_NESTING)) return refused(`is nested more than ${MAX_NESTING} deep`);
  const problems: Violation[] = [];
  const sizes = new Map<string, SchemaCost>();
  const open = new Set<string>();
  let steps = 0;

  function sizeOf(part: unknown, pointer: string, depth: number): SchemaCost {
    if (!isObject(part)) return { ...ZERO_COST, total: 1 };
    const known = sizes.get(pointer);
    if (open.has(pointer))
      return refuse(pointer, 'refers to itself: no data could be said to be checked in time');
    if (depth + (known?.depth ?? 0) > MAX_DEPTH)
      return refuse(pointer, `is nested more than ${MAX_DEPTH} deep`);
    if (known) return known;
    open.add(pointer);
    const parts = Object.entries(part).map(([keyword, value]) =>
      sizeOfKeyword(keyword, value, childPointer(pointer, keyword), depth + 1),
    );
    const { depth: inner, ...size } = sumCosts([{ ...ZERO_COST, total: 1 }, ...parts]);
    open.delete(pointer);
    sizes.set(pointer, { ...size, depth: inner + 1 });
    return sizes.get(pointer)!;
  }

  function sizeOfKeyword(keyword: string, value: unknown, place: string, depth: number): SchemaCost {
    const kind = keywordKind(keyword);
    const own = { ...ZERO_COST, all: 1 };
    const each = () => membersOf(value).map(([name, one]) => sizeOf(one, childPointer(place, name), depth));
    const rules: Record<KeywordKind, () => SchemaCost> = {
      annotation: () => ZERO_COST,
      value: () => ({ ...ZERO_COST, total: 1 + valuesIn(value) }),
      scalars: () => {
        for (const [name, one] of keyword === 'enum' ? membersOf(value) : [['', value] as const])
          if (typeof one === 'object' && one !== null)
            refuse(
              name === '' ? place : childPointer(place, name),
              'must be a text, number, truth value or null',
            );
        return { ...ZERO_COST, total: 1 + valuesIn(value) };
      },
      reads: () => ({ ...own, textReads: 1 }),
      compares: () => (value === true ? { ...own, textReads: READS_TO_COMPARE } : ZERO_COST),
      counts: () => chargePerItem(own),
      pattern: () => sizeOfPattern(value, place),
      schema: () => sizeOf(value, place, depth),
      schemas: () => {
        if (membersOf(value).length > MAX_LIST) return refuse(place, `has more than ${MAX_LIST} entries`);
        return keyword === 'prefixItems' ? sumCostsOfDistinctValues(each()) : sumCosts(each());
      },
      namedSchemas: () => {
        if (membersOf(value).length > MAX_NAMED) return refuse(place, `has more than ${MAX_NAMED} members`);
        return keyword === 'properties' ? sumCostsOfDistinctValues(each()) : sumCosts(each());
      },
      repeated: () => chargePerItem(sizeOf(value, place, depth)),
      repeatedByPattern: () => {
        if (membersOf(value).length > MAX_LIST) return refuse(place, `has more than ${MAX_LIST} members`);
        const patterns = membersOf(value).map(([name]) => sizeOfPattern(name, childPointer(place, name)));
        return chargePerItem(sumCosts([...patterns, ...each()]));
      },
      aside: () => {
        sizeOf(value, place, depth);
        return ZERO_COST;
      },
      namedAside: () => {
        each();
        return ZERO_COST;
      },
      reference: () => sizeOfReference(value, place, depth),
      draft: () =>
        value === DRAFT || value === `${DRAFT}#` ? ZERO_COST : refuse(place, `must be ${DRAFT}, or left out`),
      refused: () => refuse(place, 'cannot be used'),
    };
    return kind === undefined ? ZERO_COST : rules[kind]();
  }

  function sizeOfReference(reference: unknown, place: string, depth: number): SchemaCost {
    if (typeof reference !== 'string' || !/^#(\/|$)/.test(reference))
      return refuse(place, 'must be a JSON pointer within the schema: #/$defs/name');
    const pointer = pointerFromReference(reference);
    const named = resolvePointer(schema, pointer);
    if (named === undefined) return refuse(place, 'leads nowhere');
    if (typeof named !== 'boolean' && !isObject(named)) return refuse(place, 'leads to what is no schema');
    return sizeOf(named, pointer, depth);
  }

  function sizeOfPattern(pattern: unknown, place: string): SchemaCost {
    if (typeof pattern !== 'string') return ZERO_COST;
    // Stops before it has compiled what is too much anyway.
    if (steps > MAX_SIZE * STEPS_OF_PATTERN) return refuse(place, 'is too much, with the patterns before it');
    const size = patternProgramSize(pattern);
    if (typeof size === 'string') {
      steps += MAX_SIZE; // finding out has taken its time, too
      return refuse(place, size);
    }
    steps += size;
    return { ...ZERO_COST, total: 1 + Math.ceil(size / STEPS_OF_PATTERN), patterns: 1 };
  }

  function refuse(pointer: string, detail: string): SchemaCost {
    if (problems.length < 20) problems.push({ pointer, detail });
    return ZERO_COST;
  }

  const size = sizeOf(schema, '', 0);
  if (problems.length > 0) return { problems };
  if (size.total > MAX_SIZE)
    return refused(`holds more than ${MAX_SIZE} schemas, keywords and their values, references repeated`);
  if (size.perItem > MAX_REPEATED_SIZE)
    return refused(`holds more than ${MAX_REPEATED_SIZE} of them against each item or member`);
  if (size.textReads > MAX_READS) return refused('has too many lengths and uniqueItems for one value');
  return size;
}

const refused = (detail: string): SchemaCostResult => ({ problems: [{ pointer: '', detail }] });

const membersOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

const valuesIn = (value: unknown): number =>
  membersOf(value).reduce((total, [, one]) => total + 1 + valuesIn(one), 0);

const isDeeper = (value: unknown, most: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (most === 0 || Object.values(value).some((one) => isDeeper(one, most - 1)));
