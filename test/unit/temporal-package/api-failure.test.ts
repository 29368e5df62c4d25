import { ApplicationFailure } from '@temporalio/common';
import { failureOf } from '../../../packages/temporal/src/api-failure.ts';
import { PosthornError } from '../../../sdk/typescript/src/index.ts';

const refused = (status: number, retryAfter?: number) =>
  failureOf(new PosthornError(status, { code: 'quota_exceeded', detail: 'Later.' }, retryAfter));

test.each([408, 429, 500, 502, 503, 504])('a %d is retried', (status) => {
  expect(refused(status)).toMatchObject({
    type: 'quota_exceeded',
    nonRetryable: false,
    nextRetryDelay: undefined,
  });
});

test.each([302, 400, 401, 403, 404, 409, 413, 422])('a %d is not retried', (status) => {
  expect(refused(status)).toMatchObject({ type: 'quota_exceeded', nonRetryable: true, message: 'Later.' });
});

test('the Retry-After of the API, in seconds, is the delay of the retry, in milliseconds', () => {
  expect(refused(429, 7)).toMatchObject({ nextRetryDelay: 7_000 });
});

test('an error of another copy of the SDK is understood, too', () => {
  const error = Object.assign(new Error('no'), { name: 'PosthornError', status: 404, code: 'not_found' });
  expect(failureOf(error)).toMatchObject({ type: 'not_found', nonRetryable: true });
});

test('a connection that fails is retried, and the failure does not contain the address', async () => {
  const error: unknown = await fetch('http://127.0.0.1:1/').catch((caught: unknown) => caught);
  const failure = failureOf(error) as ApplicationFailure;
  expect(failure).toMatchObject({ type: 'connection_failed', nonRetryable: false });
  expect(JSON.stringify([failure.message, failure.stack, failure.cause])).not.toContain('127.0.0.1:1');
});

test('a call that takes too long is retried', () => {
  const failure = failureOf(new DOMException('The operation timed out', 'TimeoutError'));
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({ type: 'timeout', nonRetryable: false });
});

test('an error that is not from the API is thrown as it is', () => {
  const error = new TypeError('no such function');
  expect(failureOf(error)).toBe(error);
});
