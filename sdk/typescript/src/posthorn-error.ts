import type { Problem } from './models.ts';

/**
 * The API refused a call with a problem document (RFC 9457), or something else responded (code `unexpected_response`).
 */
export class PosthornError extends Error {
  readonly status: number;
  readonly code: Problem['code'] | 'unexpected_response';
  readonly title: string;
  /** The invalid members of the body, or the invalid parameters. */
  readonly errors: Problem['errors'];
  /** The id of the request in Posthorn's log. */
  readonly requestId: string | undefined;
  /** The seconds after which to try again, if the API said so. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: Partial<Problem>, retryAfter?: number) {
    super(messageOf(status, problem));
    this.name = 'PosthornError';
    this.status = status;
    this.code = problem.code ?? 'unexpected_response';
    this.title = problem.title ?? '';
    this.errors = problem.errors ?? [];
    this.requestId = problem.instance;
    this.retryAfter = retryAfter;
  }
}

const MAX_REASONS = 5;

/** The message includes the reasons, because often only the message is logged. */
function messageOf(status: number, { detail, title, errors = [] }: Partial<Problem>): string {
  const summary = detail ?? title ?? `The response with status ${status} is not from Posthorn.`;
  if (errors.length === 0) return summary;
  const reasons = errors
    .slice(0, MAX_REASONS)
    .map((error) => `${error.pointer || 'the body'} ${error.detail}`);
  if (errors.length > MAX_REASONS) reasons.push(`and ${errors.length - MAX_REASONS} more`);
  return `${summary} (${reasons.join('; ')})`;
}

/** Reads the response to a failed call. A response from a proxy may not be a problem document. */
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
