import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts';

/** `pointer` is a JSON pointer (RFC 6901) into the body, or the name of a query parameter. */
export type FieldError = { pointer: string; detail: string };

/** What a caller did wrong, or we could not do now: thrown anywhere, answered as RFC 9457 at the edge. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly errors: FieldError[];
  readonly headers: Record<string, string>;

  constructor(
    code: ProblemCode,
    detail: string = PROBLEM_CODES[code].help,
    extra: { errors?: FieldError[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.name = 'Problem';
    this.code = code;
    this.errors = extra.errors ?? [];
    this.headers = extra.headers ?? {};
  }

  get status(): number {
    return PROBLEM_CODES[this.code].status;
  }
}

export const invalidBody = (errors: FieldError[]): Problem =>
  new Problem('invalid_body', undefined, { errors });

/** The JSON text of a problem; its type is the paragraph of the code on the page `/docs`. */
export function problemText(problem: Problem, requestId: string, publicUrl: string): string {
  const { status, title } = PROBLEM_CODES[problem.code];
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
