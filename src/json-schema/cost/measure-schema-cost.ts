import { childPointer } from '../json-pointer.ts';
import { type KeywordKind, keywordKind } from '../keywords.ts';
import { isObject, pointerFromReference, resolvePointer } from '../references.ts';
import type { Violation } from '../violations.ts';
import { patternProgramSize } from './patterns.ts';
import {
  chargePerItem,
  type SchemaCost,
  sumCosts,
  sumCostsOfDistinctValues,
  ZERO_COST,
} from './schema-cost.ts';

const MAX_SCHEMA_BYTES = 32 * 1024;
/** Levels of objects and arrays in the schema's text. This function recurses over them and would overflow the stack. */
const MAX_NESTING = 100;
/** Levels of schemas within schemas, following references. Ajv nests the generated code as deep. */
const MAX_DEPTH = 32;
/**
 * Schemas, keywords and values, counting referenced schemas each time they are used. Ajv takes up to 0.15 ms to compile
 * each of them, so a schema takes at most 0.3 s.
 */
const MAX_TOTAL = 2_000;
/** The part of MAX_TOTAL that may apply to each item or member: the data decides how often that part runs. */
const MAX_PER_ITEM = 500;
/** How often one value may be read as a whole. Reading a megabyte takes 2 ms, so all reads take at most 0.2 s. */
const MAX_TEXT_READS = 100;
/** What `uniqueItems` counts toward MAX_TEXT_READS, since it serializes the value to compare its items. */
const TEXT_READS_PER_UNIQUE_ITEMS = 50;
/** Ajv nests the code of each entry in that of the previous one, and deeply nested code does not compile. */
const MAX_LIST_ENTRIES = 100;
const MAX_NAMED_SCHEMAS = 300;
/** Instructions of a pattern's program that count as one keyword in MAX_TOTAL. */
const INSTRUCTIONS_PER_UNIT = 10;

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** Why a schema is refused, with JSON Pointers into it; or what checking data against it costs. */
export type SchemaCostResult = { problems: Violation[] } | SchemaCost;

/**
 * Measures what checking data against a schema costs, and refuses schemas with which it could take too long. Recursive
 * schemas are refused, so a schema is a tree that is walked at most once for each value of the data, and its size
 * limits the work. `bytes` is the size of the schema as JSON text.
 */
export function measureSchemaCost(schema: unknown, bytes: number): SchemaCostResult {
  if (bytes > MAX_SCHEMA_BYTES) return refused(`has more than ${MAX_SCHEMA_BYTES} bytes`);
  if (typeof schema === 'boolean') return ZERO_COST;
  if (!isObject(schema)) return refused('must be an object');
  if (isDeeper(schema, MAX_NESTING)) return refused(`is nested more than ${MAX_NESTING} levels deep`);
  const problems: Violation[] = [];
  const costs = new Map<string, SchemaCost>();
  const open = new Set<string>();
  let patternInstructions = 0;

  function costOf(subschema: unknown, pointer: string, depth: number): SchemaCost {
    if (!isObject(subschema)) return { ...ZERO_COST, total: 1 };
    const known = costs.get(pointer);
    if (open.has(pointer))
      return refuse(pointer, 'refers to itself: checking data against it could take unlimited time');
    if (depth + (known?.depth ?? 0) > MAX_DEPTH)
      return refuse(pointer, `is nested more than ${MAX_DEPTH} levels deep`);
    if (known) return known;
    open.add(pointer);
    const parts = Object.entries(subschema).map(([keyword, value]) =>
      costOfKeyword(keyword, value, childPointer(pointer, keyword), depth + 1),
    );
    const { depth: depthBelow, ...cost } = sumCosts([{ ...ZERO_COST, total: 1 }, ...parts]);
    open.delete(pointer);
    costs.set(pointer, { ...cost, depth: depthBelow + 1 });
    return costs.get(pointer)!;
  }

  function costOfKeyword(keyword: string, value: unknown, pointer: string, depth: number): SchemaCost {
    const kind = keywordKind(keyword);
    const costOfOne = { ...ZERO_COST, total: 1 };
    const costOfEach = () =>
      membersOf(value).map(([name, member]) => costOf(member, childPointer(pointer, name), depth));
    const rules: Record<KeywordKind, () => SchemaCost> = {
      annotation: () => ZERO_COST,
      value: () => ({ ...ZERO_COST, total: 1 + valuesIn(value) }),
      scalars: () => {
        for (const [name, scalar] of keyword === 'enum' ? membersOf(value) : [['', value] as const])
          if (typeof scalar === 'object' && scalar !== null)
            refuse(
              name === '' ? pointer : childPointer(pointer, name),
              'must be a string, number, boolean or null',
            );
        return { ...ZERO_COST, total: 1 + valuesIn(value) };
      },
      textLength: () => ({ ...costOfOne, textReads: 1 }),
      uniqueItems: () =>
        value === true ? { ...costOfOne, textReads: TEXT_READS_PER_UNIQUE_ITEMS } : ZERO_COST,
      memberCount: () => chargePerItem(costOfOne),
      pattern: () => costOfPattern(value, pointer),
      schema: () => costOf(value, pointer, depth),
      schemas: () => {
        if (membersOf(value).length > MAX_LIST_ENTRIES)
          return refuse(pointer, `has more than ${MAX_LIST_ENTRIES} entries`);
        return keyword === 'prefixItems' ? sumCostsOfDistinctValues(costOfEach()) : sumCosts(costOfEach());
      },
      namedSchemas: () => {
        if (membersOf(value).length > MAX_NAMED_SCHEMAS)
          return refuse(pointer, `has more than ${MAX_NAMED_SCHEMAS} members`);
        return keyword === 'properties' ? sumCostsOfDistinctValues(costOfEach()) : sumCosts(costOfEach());
      },
      perItem: () => chargePerItem(costOf(value, pointer, depth)),
      perMemberByPattern: () => {
        if (membersOf(value).length > MAX_LIST_ENTRIES)
          return refuse(pointer, `has more than ${MAX_LIST_ENTRIES} members`);
        const patterns = membersOf(value).map(([name]) => costOfPattern(name, childPointer(pointer, name)));
        return chargePerItem(sumCosts([...patterns, ...costOfEach()]));
      },
      unapplied: () => {
        costOf(value, pointer, depth);
        return ZERO_COST;
      },
      namedUnapplied: () => {
        costOfEach();
        return ZERO_COST;
      },
      reference: () => costOfReference(value, pointer, depth),
      draft: () =>
        value === DRAFT || value === `${DRAFT}#`
          ? ZERO_COST
          : refuse(pointer, `must be ${DRAFT} or be omitted`),
      unsupported: () => refuse(pointer, 'is not supported'),
    };
    return kind === undefined ? ZERO_COST : rules[kind]();
  }

  function costOfReference(reference: unknown, pointer: string, depth: number): SchemaCost {
    if (typeof reference !== 'string' || !/^#(\/|$)/.test(reference))
      return refuse(pointer, 'must be a JSON Pointer within the schema, such as #/$defs/name');
    const target = pointerFromReference(reference);
    const named = resolvePointer(schema, target);
    if (named === undefined) return refuse(pointer, 'points to nothing in the schema');
    if (typeof named !== 'boolean' && !isObject(named)) return refuse(pointer, 'does not point to a schema');
    return costOf(named, target, depth);
  }

  function costOfPattern(pattern: unknown, pointer: string): SchemaCost {
    if (typeof pattern !== 'string') return ZERO_COST;
    // Avoids compiling further patterns of a schema that is too large anyway.
    if (patternInstructions > MAX_TOTAL * INSTRUCTIONS_PER_UNIT)
      return refuse(pointer, 'makes the patterns of the schema too large in total');
    const size = patternProgramSize(pattern);
    if (typeof size === 'string') {
      patternInstructions += MAX_TOTAL; // measuring it took time as well
      return refuse(pointer, size);
    }
    patternInstructions += size;
    return { ...ZERO_COST, total: 1 + Math.ceil(size / INSTRUCTIONS_PER_UNIT), patterns: 1 };
  }

  function refuse(pointer: string, detail: string): SchemaCost {
    if (problems.length < 20) problems.push({ pointer, detail });
    return ZERO_COST;
  }

  const cost = costOf(schema, '', 0);
  if (problems.length > 0) return { problems };
  if (cost.total > MAX_TOTAL)
    return refused(
      `has more than ${MAX_TOTAL} schemas, keywords and values, counting references each time they are used`,
    );
  if (cost.perItem > MAX_PER_ITEM)
    return refused(
      `has more than ${MAX_PER_ITEM} schemas, keywords and values that apply to each item or member`,
    );
  if (cost.textReads > MAX_TEXT_READS)
    return refused('applies minLength, maxLength and uniqueItems too often to one value');
  return cost;
}

const refused = (detail: string): SchemaCostResult => ({ problems: [{ pointer: '', detail }] });

const membersOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

const valuesIn = (value: unknown): number =>
  membersOf(value).reduce((total, [, member]) => total + 1 + valuesIn(member), 0);

const isDeeper = (value: unknown, maxDepth: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (maxDepth === 0 || Object.values(value).some((member) => isDeeper(member, maxDepth - 1)));
