import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts';

/** `pointer` is a JSON pointer (RFC 6901) into the body, or the name of a query parameter. */
export type FieldError = { pointer: string; detail: string };

/** More are only counted: a body with a million unknown members would be answered with more bytes than it has. */
export const MAX_LISTED_ERRORS = 100;

/** Characters of a pointer or a detail: a name of a megabyte would come back with each of its members. */
const MAX_SHOWN = 1_024;

const shown = (text: string): string => (text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);

/** What a caller did wrong, or we could not do now: thrown anywhere, answered as RFC 9457 at the edge. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly errors: FieldError[];
  readonly headers: Record<string, string>;
  readonly status: number;

  /**
   * `errorCount` is the number of all errors, where `errors` has only the first of them; `status` is one of the code's
   * statuses, the first when left out.
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
      .map(({ pointer, detail }) => ({ pointer: shown(pointer), detail: shown(detail) }));
    this.headers = headers;
    this.status = status;
  }
}

export const invalidBody = (errors: FieldError[]): Problem =>
  new Problem('invalid_body', undefined, { errors });

/** The JSON text of a problem; its type is the paragraph of the code on the page `/docs`. */
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
