import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';
import { compileValidator } from './compile-validator.ts';
import { measureData } from './cost/measure-data.ts';
import { measureSchemaCost } from './cost/measure-schema-cost.ts';
import { createPatternEngine, PatternBudgetExceeded } from './cost/patterns.ts';
import type { SchemaCost } from './cost/schema-cost.ts';
import { inlineReferences } from './inline-references.ts';
import { dataViolations, schemaViolations, type Violation } from './violations.ts';

/** Checks data whose JSON text has `bytes` bytes. Returns at most 20 violations; none when the data matches. */
export type DataCheck = (data: unknown, bytes: number) => Violation[];

export type CompiledSchema = {
  check: DataCheck;
  /** Whether data matches. The caller has limited its size; throws if the patterns take too long. */
  matches: (data: unknown, bytes: number) => boolean;
  cost: SchemaCost;
};

/**
 * Limit for the number of values in the data times the checks for each of them. In a large object one check takes up to
 * 0.3 µs, so all of them take at most 0.6 s.
 */
const MAX_COMPARISONS = 2_000_000;
/**
 * Limit for the memory of Ajv's error objects. Each also holds a JSON Pointer, which is as long as the member names.
 */
const MAX_ERROR_BYTES = 64 * 1024 * 1024;
/** Size of one error object without its pointer. */
const ERROR_BYTES = 200;

/** Checks schemas against the meta schema. */
const metaSchemaAjv = new Ajv2020({ strict: false, logger: false, validateFormats: false });

/**
 * Compiles the text of a JSON Schema (draft 2020-12; `format` and unknown keywords are annotations), which takes up to
 * 0.3 s. Schemas come from untrusted users, so schemas that are invalid or could block the process are refused, with
 * JSON Pointers to the causes (docs/decisions/0007).
 * @throws SyntaxError if the text is not JSON
 */
export function compileSchema(text: string): CompiledSchema | { problems: Violation[] } {
  const schema: unknown = JSON.parse(text);
  const bounds = measureSchemaCost(schema, Buffer.byteLength(text));
  if ('problems' in bounds) return bounds;
  if (!metaSchemaAjv.validateSchema(schema as AnySchema))
    return { problems: schemaViolations(metaSchemaAjv.errors) };
  try {
    const check = createCheck(inlineReferences(schema), bounds);
    check.matches(null, 4); // V8 compiles the generated code on the first call
    return { check: check.violations, matches: check.matches, cost: bounds };
  } catch {
    return { problems: [{ pointer: '', detail: 'cannot be compiled: make the schema smaller' }] };
  }
}

function createCheck(schema: unknown, cost: SchemaCost) {
  const patterns = createPatternEngine();
  // Inside `not` Ajv creates no errors. Each error would allocate its JSON Pointer.
  const doesNotMatch = compileValidator({ not: schema }, false, patterns.engine);
  let validate: ValidateFunction | undefined;

  const matches = (data: unknown, bytes: number): boolean =>
    !patterns.withBudget(bytes, () => doesNotMatch(data));

  function violations(data: unknown, bytes: number): Violation[] {
    try {
      const { valueCount, maxPointerLength } = measureData(data);
      const comparisons = cost.total + valueCount * cost.perItem;
      if (valueCount * cost.perItem > MAX_COMPARISONS)
        return atRoot('has too many values to check against the schema');
      if (matches(data, bytes)) return [];
      if (comparisons * (ERROR_BYTES + maxPointerLength) > MAX_ERROR_BYTES)
        return atRoot('does not match the schema, and is too large to report where');
      validate ??= compileValidator(schema as object, true, patterns.engine);
      const collectErrors = validate;
      patterns.withBudget(bytes, () => collectErrors(data));
      return dataViolations(collectErrors.errors);
    } catch (error) {
      if (error instanceof PatternBudgetExceeded)
        return atRoot('has too much text to check against the patterns of the schema');
      return atRoot('cannot be checked against the schema');
    }
  }

  return { matches, violations };
}

const atRoot = (detail: string): Violation[] => [{ pointer: '', detail }];
