import { compileSchema } from '../../../src/json-schema/compile-schema.ts';
import type { Violation } from '../../../src/json-schema/violations.ts';

/** Compiles a schema and checks data against it. Throws when the schema is refused. */
export function check(schema: unknown, data: unknown): Violation[] {
  const compiled = compileSchema(JSON.stringify(schema));
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  return compiled.check(data, JSON.stringify(data).length);
}

/** Why a schema is refused; empty when it is accepted. */
export function problemsOf(schema: unknown): Violation[] {
  const compiled = compileSchema(JSON.stringify(schema));
  return 'problems' in compiled ? compiled.problems : [];
}
