import type { AttemptError } from './failure.ts';
import { redirectError } from './redirect.ts';

/** What a response makes of an attempt. `error` is set for redirects and names the target. */
export function responseOutcome(
  statusCode: number,
  headers: Record<string, string | string[]>,
  requested: URL,
): { outcome: 'delivered' | 'rejected'; error?: AttemptError } {
  const isSuccess = statusCode >= 200 && statusCode <= 299;
  const error = redirectError(statusCode, headers.location, requested);
  return { outcome: isSuccess ? 'delivered' : 'rejected', ...(error && { error }) };
}
