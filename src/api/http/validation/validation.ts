import type { z } from 'zod';
import { childPointer } from '../../../json-schema/json-pointer.ts';
import { type FieldError, MAX_LISTED_ERRORS, Problem, prependPointer } from '../../problems/problem.ts';
import { validationMessage } from './validation-messages.ts';

export type FieldErrors = { errors: FieldError[]; errorCount: number };

/** The part of a body as `schema` describes it, or its errors, with pointers that begin at `pointer`. */
export function partOrErrors<T>(
  schema: z.ZodType<T>,
  value: unknown,
  pointer: string,
): { part: T } | FieldErrors {
  const result = schema.safeParse(value, { error: validationMessage });
  if (result.success) return { part: result.data };
  const { errors, errorCount } = errorsOf(result.error.issues);
  return { errors: prependPointer(pointer, errors), errorCount };
}

type Schema = z.ZodType | undefined;
/** What a call's part is after validation: undefined for a route without a schema for it. */
export type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** The body as `schema` describes it; throws invalid_body with a JSON pointer for each error. */
export function parseBody<S extends Schema>(schema: S | undefined, value: unknown): Parsed<S>;
export function parseBody(schema: Schema, value: unknown): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(value, { error: validationMessage });
  if (result.success) return result.data;
  throw new Problem('invalid_body', undefined, errorsOf(result.error.issues));
}

/** The query as `schema` describes it; throws invalid_query, also for a repeated parameter and for any when there is no schema. */
export function parseQuery<S extends Schema>(
  schema: S | undefined,
  query: Record<string, unknown>,
): Parsed<S>;
export function parseQuery(schema: Schema, query: Record<string, unknown>): unknown {
  if (!schema) {
    const [unknownName] = Object.keys(query);
    if (unknownName === undefined) return undefined;
    throw new Problem('invalid_query', undefined, {
      errors: [{ pointer: unknownName, detail: 'is unknown' }],
    });
  }
  const result = schema.safeParse(query, { error: validationMessage });
  if (result.success) return result.data;
  const { errors, errorCount } = errorsOf(result.error.issues);
  throw new Problem('invalid_query', undefined, {
    errors: errors.map(({ pointer, detail }) => ({ pointer: pointer.slice(1), detail })),
    errorCount,
  });
}

/**
 * The path parameters as `schema` describes them. An invalid id throws not_found, because nothing can have it;
 * where the caller chooses the id (PUT), it throws invalid_id, which says what an id must look like.
 */
export function parseParams<S extends Schema>(
  schema: S | undefined,
  params: unknown,
  isChosen: boolean,
): Parsed<S>;
export function parseParams(schema: Schema, params: unknown, isChosen: boolean): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(params, { error: validationMessage });
  if (result.success) return result.data;
  if (!isChosen) throw new Problem('not_found');
  const { errors } = errorsOf(result.error.issues);
  throw new Problem('invalid_id', undefined, {
    errors: errors.map(({ pointer, detail }) => ({ pointer: pointer.slice(1), detail })),
  });
}

/** The errors that are listed, and the count of all errors. The others are not created: there can be millions. */
function errorsOf(issues: z.core.$ZodIssue[]): FieldErrors {
  const errors: FieldError[] = [];
  let errorCount = 0;
  for (const issue of issues) {
    const listed = errors.length < MAX_LISTED_ERRORS ? fieldErrors(issue) : [];
    errors.push(...listed);
    errorCount += issue.code === 'unrecognized_keys' ? issue.keys.length : Math.max(listed.length, 1);
  }
  return { errors, errorCount };
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const at = (path: PropertyKey[]): string =>
    path.reduce<string>((parent, step) => childPointer(parent, String(step)), '');
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys
        .slice(0, MAX_LISTED_ERRORS)
        .map((key) => ({ pointer: at([...issue.path, key]), detail: 'is unknown' }));
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ pointer: at(issue.path), detail: `the name ${message}` }));
    default:
      return [{ pointer: at(issue.path), detail: issue.message }];
  }
}
