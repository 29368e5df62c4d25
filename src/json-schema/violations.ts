import type { ErrorObject } from 'ajv/dist/2020.js';
import { childPointer } from './json-pointer.ts';

/** What is wrong at one JSON Pointer. `detail` never contains values from the data. */
export type Violation = { pointer: string; detail: string };

const MAX_VIOLATIONS = 20;

/** The first violation of the meta schema. */
export function schemaViolations(errors: ErrorObject[] | null | undefined): Violation[] {
  const [first] = errors ?? [];
  return [{ pointer: first?.instancePath ?? '', detail: first ? detailOf(first) : 'is not a JSON Schema' }];
}

/** At most 20 violations: one for each violated rule and JSON Pointer. */
export function dataViolations(errors: ErrorObject[] | null | undefined): Violation[] {
  const violations = new Map<string, Violation>();
  for (const error of errors ?? []) {
    const violation = { pointer: error.instancePath + memberOf(error), detail: detailOf(error) };
    violations.set(`${violation.pointer} ${violation.detail}`, violation);
    if (violations.size === MAX_VIOLATIONS) break;
  }
  return [...violations.values()];
}

/** The JSON Pointer to the member that is missing or not allowed, relative to its object. */
function memberOf({ params }: ErrorObject): string {
  const name: unknown = params.missingProperty ?? params.additionalProperty ?? params.propertyName;
  return typeof name === 'string' ? childPointer('', name) : '';
}

/** The violated rule and its keyword. Ajv's messages contain values of the schema, never of the data. */
function detailOf({ keyword, message, params }: ErrorObject): string {
  if ('missingProperty' in params) return `is required (${keyword})`;
  if ('additionalProperty' in params) return `is not allowed (${keyword})`;
  return `${message ?? 'does not match'} (${keyword})`;
}
