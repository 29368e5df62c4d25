import { type AfterAttempt, afterAttempt } from '../../../src/attempts/after-attempt.ts';
import type { PreparedRequest } from '../../../src/attempts/prepare-request.ts';
import type { EndedResult } from '../../../src/egress/outbound.ts';
import { type RetryPolicy, serializePolicy } from '../../../src/policy/retry-policy.ts';

const NOW = Date.parse('2026-11-29T12:00:00Z');
const responses = { gone: true, retryAfter: true, tooManyRequests: true, coolDown: true };

function after(
  statusCode: number,
  {
    policy = {},
    step = 0,
    retryAfter,
  }: { policy?: Partial<RetryPolicy>; step?: number; retryAfter?: string } = {},
): AfterAttempt {
  const request = { kind: 'signed', responses } as PreparedRequest;
  const outcome = statusCode < 300 ? 'delivered' : 'rejected';
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  const result = { kind: 'responded', statusCode, headers, outcome } as EndedResult;
  const text = serializePolicy({ delays: [60, 300], timeout: 15, jitter: 0, ...policy });
  return afterAttempt({ policy: text, step }, request, result, { random: () => 0, now: () => NOW });
}

test('a failed attempt is repeated at the later of the schedule and Retry-After', () => {
  expect(after(503).delayMs).toBe(60_000);
  expect(after(503, { retryAfter: '5' }).delayMs).toBe(60_000);
  expect(after(503, { retryAfter: '90' }).delayMs).toBe(90_000);
  expect(after(503, { retryAfter: '90', step: 1 }).delayMs).toBe(300_000);
});

test('Retry-After adds no attempt after the last one, and the instruction for the endpoint stays', () => {
  expect(after(503, { retryAfter: '90', step: 2 })).toEqual({
    delayMs: null,
    finalReason: null,
    receiverFailure: { instruction: { kind: 'wait', ms: 90_000 }, coolsDown: true },
  });
});

test('410 ends the delivery, also if the policy names it', () => {
  expect(after(410)).toMatchObject({ delayMs: null, finalReason: 'gone' });
  expect(after(410, { policy: { finalStatuses: ['4xx'] } })).toMatchObject({ finalReason: 'gone' });
});

test.each([
  [400, ['400'], true],
  [401, ['400'], false],
  [422, ['4xx'], true],
  [500, ['4xx'], false],
  [302, ['3xx'], true],
  [503, ['400', '5xx'], true],
])('a response %i with the final statuses %j ends the delivery: %s', (status, finalStatuses, isFinal) => {
  const { delayMs, finalReason } = after(status, { policy: { finalStatuses } });
  expect([delayMs, finalReason]).toEqual(isFinal ? [null, 'final_status'] : [60_000, null]);
});

test('a final 429 still slows the endpoint down', () => {
  expect(after(429, { policy: { finalStatuses: ['429'] } })).toMatchObject({
    finalReason: 'final_status',
    receiverFailure: { instruction: { kind: 'slow_down' } },
  });
});
