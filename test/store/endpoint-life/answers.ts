import { type AfterAttempt, afterAttempt } from '../../../src/attempts/after-attempt.ts';
import type { PreparedRequest } from '../../../src/attempts/prepare-request.ts';
import type { EndedResult } from '../../../src/egress/outbound.ts';
import type { Claim } from '../../../src/store/deliveries/claims/claim-deliveries.ts';

/** How a receiver ends a request. `retryAfter` in seconds. */
export type Answer =
  | { status: number; retryAfter?: number }
  | { failed: 'timeout' | 'connection_failed'; code: string };

export const ANSWERS: Answer[] = [
  { status: 200 },
  { status: 204 },
  { status: 400 },
  { status: 410 },
  { status: 429 },
  { status: 429, retryAfter: 20 },
  { status: 500 },
  { status: 503 },
  { status: 503, retryAfter: 90 },
  { failed: 'timeout', code: 'RESPONSE_TIMEOUT' },
  { failed: 'connection_failed', code: 'ECONNREFUSED' },
];

const REQUEST: PreparedRequest = {
  kind: 'signed',
  url: 'http://127.0.0.1:9/',
  maskedHeaders: {},
  headers: {},
  body: Buffer.alloc(0),
  responses: { gone: true, retryAfter: true, tooManyRequests: true, coolDown: true },
};

function resultOf(answer: Answer, startedAt: Date): EndedResult {
  const timing = { startedAt, durationMs: 1, resent: false };
  if ('failed' in answer)
    return {
      ...timing,
      kind: 'failed',
      outcome: answer.failed,
      statusCode: null,
      error: { code: answer.code, message: answer.code },
    };
  const { status, retryAfter } = answer;
  return {
    ...timing,
    kind: 'responded',
    outcome: status < 300 ? 'delivered' : 'rejected',
    statusCode: status,
    headers: retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` },
    body: Buffer.alloc(0),
    truncated: false,
  };
}

/** What a worker concludes from an answer, and what it records of it. */
export function conclude(
  claim: Claim,
  answer: Answer,
  startedAt: Date,
): AfterAttempt & { result: EndedResult } {
  const result = resultOf(answer, startedAt);
  return { ...afterAttempt(claim, REQUEST, result, { random: () => 0, now: Date.now }), result };
}
