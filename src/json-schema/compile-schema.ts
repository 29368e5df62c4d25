import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';
import { compileValidator } from './compile-validator.ts';
import { inlineReferences } from './inline-references.ts';
import { measureData } from './measure-data.ts';
import { measureSchemaCost } from './measure-schema-cost.ts';
import { createPatternEngine, PatternBudgetExceeded } from './patterns.ts';
import type { SchemaCost } from './schema-cost.ts';
import { dataViolations, schemaViolations, type Violation } from './violations.ts';

/** What is wrong with data of so many bytes of JSON: at most 20 violations, none when it fits. */
export type DataCheck = (data: unknown, bytes: number) => Violation[];

export type CompiledSchema = { check: DataCheck; cost: SchemaCost };

/** Of values of the data with what is repeated for each: in a large object one takes up to 0.3 µs. */
const MAX_COMPARISONS = 2_000_000;
/** What Ajv may keep of all that does not fit until it is told: the objects, and pointers that are as long as names. */
const MAX_ERROR_BYTES = 64 * 1024 * 1024;
const ERROR_BYTES = 200;

/** Holds schemas against the meta schema. */
const forSchemas = new Ajv2020({ strict: false, logger: false, validateFormats: false });

/**
 * Compiles the text of a JSON Schema (draft 2020-12; `format` and unknown keywords are annotations). Schemas come from
 * strangers: what is refused, with JSON pointers into the schema, is what is none, and what could hold up the process
 * (docs/decisions/0007). It takes up to a third of a second.
 */
export function compileSchema(text: string): CompiledSchema | { problems: Violation[] } {
  const schema: unknown = JSON.parse(text);
  const bounds = measureSchemaCost(schema, Buffer.byteLength(text));
  if ('problems' in bounds) return bounds;
  if (!forSchemas.validateSchema(schema as AnySchema))
    return { problems: schemaViolations(forSchemas.errors) };
  try {
    const check = createCheck(inlineReferences(schema), bounds);
    check.isFitting(null, 4); // V8 compiles with the first call
    return { check: check.violations, cost: bounds };
  } catch {
    return { problems: [{ pointer: '', detail: 'cannot be compiled: put less into one schema' }] };
  }
}

function createCheck(schema: unknown, size: SchemaCost) {
  const patterns = createPatternEngine();
  // Below `not` Ajv makes no errors: each would hold its pointer, written anew.
  const misfits = compileValidator({ not: schema }, false, patterns.engine);
  let tell: ValidateFunction | undefined;

  const isFitting = (data: unknown, bytes: number): boolean =>
    !patterns.withBudget(bytes, () => misfits(data));

  function violations(data: unknown, bytes: number): Violation[] {
    try {
      const { valueCount, maxPointerLength } = measureData(data);
      const comparisons = size.total + valueCount * size.perItem;
      if (valueCount * size.perItem > MAX_COMPARISONS)
        return atRoot('has too many values to hold each against the schema');
      if (isFitting(data, bytes)) return [];
      if (comparisons * (ERROR_BYTES + maxPointerLength) > MAX_ERROR_BYTES)
        return atRoot('does not fit the schema, and is too large to tell where');
      tell ??= compileValidator(schema as object, true, patterns.engine);
      const told = tell;
      patterns.withBudget(bytes, () => told(data));
      return dataViolations(tell.errors);
    } catch (error) {
      if (error instanceof PatternBudgetExceeded)
        return atRoot('has too much text to hold against the patterns of the schema');
      return atRoot('cannot be held against the schema');
    }
  }

  return { isFitting, violations };
}

const atRoot = (detail: string): Violation[] => [{ pointer: '', detail }];
