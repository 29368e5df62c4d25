import type { ErrorObject } from 'ajv/dist/2020.js';
import { childPointer } from './json-pointer.ts';

/** What is wrong at one place, in words that repeat nothing of the data. */
export type Violation = { pointer: string; detail: string };

const MAX_VIOLATIONS = 20;

/** Where the schema is not as the meta schema says; of several ways to be wrong, the first place. */
export function schemaViolations(errors: ErrorObject[] | null | undefined): Violation[] {
  const [first] = errors ?? [];
  return [{ pointer: first?.instancePath ?? '', detail: first ? detailOf(first) : 'is no JSON Schema' }];
}

/** At most twenty; several rules that are broken at one place are several. */
export function dataViolations(errors: ErrorObject[] | null | undefined): Violation[] {
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
  const name: unknown = params.missingProperty ?? params.additionalProperty ?? params.propertyName;
  return typeof name === 'string' ? childPointer('', name) : '';
}

/** The rule that is broken. Ajv's messages hold values of the schema only; these name the keyword, too. */
function detailOf({ keyword, message, params }: ErrorObject): string {
  if ('missingProperty' in params) return `is required (${keyword})`;
  if ('additionalProperty' in params) return `may not be there (${keyword})`;
  return `${message ?? 'does not fit'} (${keyword})`;
}
