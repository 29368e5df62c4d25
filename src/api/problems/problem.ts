import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts';

/** `pointer` is a JSON pointer (RFC 6901) into the body, or the name of a query parameter. */
export type FieldError = { pointer: string; detail: string };

/** Further errors are only counted; otherwise a body with a million unknown members would get a response larger than itself. */
export const MAX_LISTED_ERRORS = 100;

/** Characters of a pointer or a detail; otherwise a 1 MB name would be repeated for each of its members. */
const MAX_FIELD_LENGTH = 1_024;

const truncate = (text: string): string =>
  text.length > MAX_FIELD_LENGTH ? `${text.slice(0, MAX_FIELD_LENGTH)}…` : text;

/** A caller's error, or a request that cannot be served now. Sent as an RFC 9457 response by the HTTP layer. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly errors: FieldError[];
  readonly headers: Record<string, string>;
  readonly status: number;

  /**
   * `errorCount` is the total when `errors` has only the first errors. `status` is one of the code's statuses; the
   * default is the first.
   */
  constructor(
    code: ProblemCode,
    detail: string = PROBLEM_CODES[code].help,
    {
      errors = [],
      errorCount = errors.length,
      headers = {},
      status = PROBLEM_CODES[code].status,
    }: {
      errors?: FieldError[];
      errorCount?: number;
      headers?: Record<string, string>;
      status?: number;
    } = {},
  ) {
    super(
      errorCount > MAX_LISTED_ERRORS
        ? `${detail} ${errorCount - MAX_LISTED_ERRORS} more errors are not listed.`
        : detail,
    );
    this.name = 'Problem';
    this.code = code;
    this.errors = errors
      .slice(0, MAX_LISTED_ERRORS)
      .map(({ pointer, detail }) => ({ pointer: truncate(pointer), detail: truncate(detail) }));
    this.headers = headers;
    this.status = status;
  }
}

/** The errors of a part of the body, with pointers from the root of the body. */
export const prependPointer = (pointer: string, errors: FieldError[]): FieldError[] =>
  errors.map((error) => ({ pointer: pointer + error.pointer, detail: error.detail }));

export const invalidBody = (errors: FieldError[]): Problem =>
  new Problem('invalid_body', undefined, { errors });

/** The JSON text of a problem; its `type` links to the code's section on the page `/docs`. */
export function problemJson(problem: Problem, requestId: string, publicUrl: string): string {
  const { title } = PROBLEM_CODES[problem.code];
  const { status } = problem;
  return JSON.stringify({
    type: `${publicUrl}/docs#error-${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    instance: requestId,
    errors: problem.errors,
  });
}
