import type { OutboundResult } from '../../egress/outbound.ts';
import type { UnrecordedAttempt } from '../../policy/delivery-result.ts';
import type { Claim } from '../../store/deliveries/claims/claim-deliveries.ts';
import type { RecordedRequest } from '../prepare-request.ts';
import type { PendingRecord } from './recorder.ts';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value), 'utf8');

/** A finished attempt as it is recorded, with all that may be shown of it. */
export function toPendingRecord(
  claim: Claim,
  request: RecordedRequest,
  result: Exclude<OutboundResult, { kind: 'not_started' }>,
  retryAt: number | null,
): PendingRecord {
  const answered = result.kind === 'responded';
  return {
    id: claim.id,
    epoch: claim.epoch,
    startedAt: result.startedAt,
    durationMs: Math.round(result.durationMs),
    outcome: result.outcome,
    statusCode: result.statusCode,
    resent: result.resent,
    requestUrl: request.url,
    requestHeaders: bytes(request.maskedHeaders),
    responseHeaders: answered ? bytes(result.headers) : null,
    responseBody: answered ? result.body : null,
    responseTruncated: answered && result.truncated,
    errorCode: result.error?.code ?? null,
    errorMessage: result.error?.message ?? null,
    retryAt,
  };
}

/** What of it may travel through Temporal. */
export const toUnrecordedAttempt = (record: PendingRecord, delayMs: number | null): UnrecordedAttempt => ({
  id: record.id,
  epoch: record.epoch,
  outcome: record.outcome,
  statusCode: record.statusCode,
  startedAt: record.startedAt.toISOString(),
  durationMs: record.durationMs,
  resent: record.resent,
  delayMs,
});

/** What is left of it after that; `sinceEndMs` counts from the end of the attempt. */
export const toLateRecord = (attempt: UnrecordedAttempt, sinceEndMs: number): PendingRecord => ({
  id: attempt.id,
  epoch: attempt.epoch,
  startedAt: new Date(attempt.startedAt),
  durationMs: attempt.durationMs,
  outcome: attempt.outcome,
  statusCode: attempt.statusCode,
  resent: attempt.resent,
  requestUrl: null,
  requestHeaders: null,
  responseHeaders: null,
  responseBody: null,
  responseTruncated: false,
  errorCode: null,
  errorMessage: null,
  retryAt: attempt.delayMs === null ? null : performance.now() + attempt.delayMs - sinceEndMs,
});
