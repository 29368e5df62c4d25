import type { Problem } from './models.ts';

/** The API refused a call: a problem document (RFC 9457), or an answer that is none (code `unexpected_answer`). */
export class PosthornError extends Error {
  readonly status: number;
  readonly code: Problem['code'] | 'unexpected_answer';
  readonly title: string;
  /** Where in the body, or which parameter. */
  readonly errors: Problem['errors'];
  /** The id of the request, as it is in the log of Posthorn. */
  readonly requestId: string | undefined;
  /** Seconds after which the same call may succeed, where the API said so. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: Partial<Problem>, retryAfter?: number) {
    super(messageOf(status, problem));
    this.name = 'PosthornError';
    this.status = status;
    this.code = problem.code ?? 'unexpected_answer';
    this.title = problem.title ?? '';
    this.errors = problem.errors ?? [];
    this.requestId = problem.instance;
    this.retryAfter = retryAfter;
  }
}

const MAX_REASONS = 5;

/** With the reasons: often the message alone reaches a log. */
function messageOf(status: number, { detail, title, errors = [] }: Partial<Problem>): string {
  const summary = detail ?? title ?? `The answer ${status} is not one of Posthorn's.`;
  if (errors.length === 0) return summary;
  const reasons = errors
    .slice(0, MAX_REASONS)
    .map((error) => `${error.pointer || 'the body'} ${error.detail}`);
  if (errors.length > MAX_REASONS) reasons.push(`and ${errors.length - MAX_REASONS} more`);
  return `${summary} (${reasons.join('; ')})`;
}

/** Reads the answer to a call that failed; one of a proxy need not be a problem document. */
export async function errorFromResponse(response: Response): Promise<PosthornError> {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
  const text = await response.text();
  const retryAfter = response.headers.get('retry-after') ?? '';
  return new PosthornError(
    response.status,
    isProblem ? (JSON.parse(text) as Problem) : {},
    /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : undefined,
  );
}
