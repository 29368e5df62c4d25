import { ApplicationFailure } from '@temporalio/common';

/** A PosthornError of any copy of `@posthorn/sdk`: a project that has it as ES module and as CommonJS has two classes. */
type Refusal = Error & {
  status: number;
  code: string;
  errors: unknown;
  requestId: string | undefined;
  retryAfter: number | undefined;
};

/**
 * Translates what a call of Posthorn's API threw. 408, 429, 5xx and failed connections are retried, after the API's
 * Retry-After if it sent one; every other refusal would be refused again. The type of the failure is the problem's code.
 */
export function failureOf(error: unknown): unknown {
  if (isRefusal(error)) {
    const { status, code, errors, requestId, retryAfter } = error;
    return ApplicationFailure.create({
      message: error.message,
      type: code,
      details: [{ status, code, errors, requestId }],
      nonRetryable: !(status === 408 || status === 429 || status >= 500),
      ...(retryAfter !== undefined && { nextRetryDelay: retryAfter * 1000 }),
    });
  }
  const { name, cause } = error as Error & { cause?: { code?: unknown } };
  if (name === 'TimeoutError') return retryable('timeout', 'Posthorn did not respond in time');
  // fetch rejects with a TypeError, and its cause has the code. Its message has the address, which is not for the history.
  if (name === 'TypeError' && cause !== undefined)
    return retryable(
      'connection_failed',
      `Posthorn could not be reached (${String(cause.code ?? 'no code')})`,
    );
  return error;
}

const retryable = (type: string, message: string): ApplicationFailure =>
  ApplicationFailure.create({ type, message });

const isRefusal = (error: unknown): error is Refusal =>
  error instanceof Error && error.name === 'PosthornError' && 'status' in error;
