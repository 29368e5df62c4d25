import { retryAfterMs } from './retry-after.ts';

/** Which responses are instructions. A profile switches off those that its provider's promises exclude. */
export type ResponseRules = {
  /** 410 disables the endpoint. */
  gone: boolean;
  /** 429 and 503 with Retry-After make the endpoint wait. */
  retryAfter: boolean;
  /** 429 without Retry-After slows the requests to the endpoint down. */
  tooManyRequests: boolean;
  /** Failures in a row make the endpoint wait, and a single delivery probes it. */
  coolDown: boolean;
};

/** What a receiver asks for with the response to one request, besides that this request failed. */
export type ReceiverInstruction =
  | { kind: 'none' }
  /** Send nothing to this endpoint any more. */
  | { kind: 'gone' }
  /** Send nothing to this endpoint for `ms` milliseconds. */
  | { kind: 'wait'; ms: number }
  /** Send less often. */
  | { kind: 'slow_down' };

const NONE: ReceiverInstruction = { kind: 'none' };

/** Reads the instruction in a response that is not 2xx (Standard Webhooks, "responding to a webhook"). */
export function receiverInstruction(
  statusCode: number,
  headers: Record<string, string | string[]>,
  rules: ResponseRules,
  nowMs: number,
): ReceiverInstruction {
  if (statusCode === 410) return rules.gone ? { kind: 'gone' } : NONE;
  if (statusCode !== 429 && statusCode !== 503) return NONE;
  const ms = rules.retryAfter ? retryAfterMs(headers['retry-after'], nowMs) : undefined;
  if (ms !== undefined) return { kind: 'wait', ms };
  return statusCode === 429 && rules.tooManyRequests ? { kind: 'slow_down' } : NONE;
}
