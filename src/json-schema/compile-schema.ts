import { Ajv2020, type AnySchema, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { boundsOf } from './bounds.ts';
import { countValues } from './count-values.ts';
import { pointerBelow } from './json-pointer.ts';
import { createPatterns, TooMuchText } from './patterns.ts';
import { withoutReferences } from './without-references.ts';

/** What is wrong at one place, in words that repeat nothing of the data. */
export type Violation = { pointer: string; detail: string };

/** What is wrong with data of so many bytes of JSON: at most 20 violations, none when it fits. */
export type DataCheck = (data: unknown, bytes: number) => Violation[];

const MAX_VIOLATIONS = 20;
/** Of values of the data with schemas that are repeated for each: one that fails takes up to 60 ns. */
const MAX_COMPARISONS = 5_000_000;
/** Larger data is told its first violation only: a megabyte can break a schema in a hundred thousand places. */
const TELL_ALL_UP_TO_BYTES = 64 * 1024;

/** Holds schemas against the meta schema. */
const forSchemas = new Ajv2020({ strict: false, logger: false, validateFormats: false });

/**
 * Compiles the text of a JSON Schema (draft 2020-12; `format` and unknown keywords are annotations). Schemas come from
 * strangers: what is refused, with JSON pointers into the schema, is what is none, and what could hold up the process
 * (docs/decisions/0007).
 */
export function compileSchema(text: string): DataCheck | { problems: Violation[] } {
  const schema: unknown = JSON.parse(text);
  const bounds = boundsOf(schema, Buffer.byteLength(text));
  if ('problems' in bounds) return bounds;
  const mostValues = MAX_COMPARISONS / Math.max(1, bounds.repeated);

  if (!forSchemas.validateSchema(schema as AnySchema)) return { problems: problemsOf(forSchemas.errors) };
  const plain = withoutReferences(schema);
  const patterns = createPatterns();
  const compile = (allErrors: boolean): ValidateFunction =>
    new Ajv2020({
      allErrors,
      strict: false,
      logger: false,
      validateFormats: false,
      validateSchema: false,
      meta: false, // each would compile and keep a meta schema of its own
      ownProperties: true, // data may have a member `constructor`, or leave it out
      code: { regExp: patterns.engine },
    }).compile(plain as object);

  const first = compile(false);
  let all: ValidateFunction | undefined;

  return (data, bytes) => {
    // A value takes a byte at least, and a comma: mostly there is nothing to count.
    if (bytes / 2 > mostValues && countValues(data, mostValues) > mostValues)
      return [{ pointer: '', detail: 'has too many values to hold each against the schema' }];
    try {
      if (patterns.within(bytes, () => first(data))) return [];
      if (bytes > TELL_ALL_UP_TO_BYTES) return violationsOf(first.errors);
      all ??= compile(true);
      patterns.within(bytes, () => all!(data));
      return violationsOf(all.errors);
    } catch (error) {
      if (!(error instanceof TooMuchText)) throw error;
      return [{ pointer: '', detail: 'has too much text to hold against the patterns of the schema' }];
    }
  };
}

/** Where the schema is not as the meta schema says; of several ways to be wrong, the first place. */
function problemsOf(errors: ErrorObject[] | null | undefined): Violation[] {
  const [first] = errors ?? [];
  return [{ pointer: first?.instancePath ?? '', detail: first ? detailOf(first) : 'is no JSON Schema' }];
}

function violationsOf(errors: ErrorObject[] | null | undefined): Violation[] {
  const told = new Map<string, Violation>();
  for (const error of errors ?? []) {
    const violation = { pointer: error.instancePath + memberOf(error), detail: detailOf(error) };
    told.set(`${violation.pointer} ${violation.detail}`, violation);
    if (told.size === MAX_VIOLATIONS) break;
  }
  return [...told.values()];
}

/** The member that is missing, or that may not be there. */
function memberOf({ params }: ErrorObject): string {
  const name: unknown =
    params.missingProperty ?? params.additionalProperty ?? params.unevaluatedProperty ?? params.propertyName;
  return typeof name === 'string' ? pointerBelow('', name) : '';
}

/** The rule that is broken. Ajv's messages hold values of the schema only; these name the keyword, too. */
function detailOf({ keyword, message, params }: ErrorObject): string {
  if ('missingProperty' in params) return `is required (${keyword})`;
  if ('additionalProperty' in params || 'unevaluatedProperty' in params)
    return `may not be there (${keyword})`;
  return `${message ?? 'does not fit'} (${keyword})`;
}
