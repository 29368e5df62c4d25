import type { EndedResult } from '../../egress/outbound.ts';
import type { UnrecordedAttempt } from '../../policy/delivery-result.ts';
import { SCHEDULE_OWNER } from '../../policy/owner.ts';
import type { ReceiverFailure } from '../../policy/receiver-failure.ts';
import type { Claim } from '../../store/deliveries/claims/claim-deliveries.ts';
import type { RecordedRequest } from '../prepare-request.ts';
import type { PendingRecord } from './recorder.ts';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value), 'utf8');

/** The full record of a finished attempt. */
export function toPendingRecord(
  claim: Claim,
  request: RecordedRequest,
  result: EndedResult,
  next: Pick<PendingRecord, 'retryAt' | 'finalReason' | 'receiverFailure' | 'nextOwner'>,
): PendingRecord {
  const hasResponse = result.kind === 'responded';
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
    responseHeaders: hasResponse ? bytes(result.headers) : null,
    responseBody: hasResponse ? result.body : null,
    responseTruncated: hasResponse && result.truncated,
    errorCode: result.error?.code ?? null,
    errorMessage: result.error?.message ?? null,
    ...next,
  };
}

/** The part of a record that may pass through Temporal. */
export const toUnrecordedAttempt = (record: PendingRecord, delayMs: number | null): UnrecordedAttempt => ({
  id: record.id,
  epoch: record.epoch,
  outcome: record.outcome,
  statusCode: record.statusCode,
  startedAt: record.startedAt.toISOString(),
  durationMs: record.durationMs,
  resent: record.resent,
  delayMs,
  ...(record.finalReason && { finalReason: record.finalReason }),
  ...(record.receiverFailure && { receiverFailure: record.receiverFailure }),
});

/** The record that can be restored from that part. `sinceEndMs` is the time since the end of the attempt. */
export const toLateRecord = (
  attempt: UnrecordedAttempt,
  sinceEndMs: number,
  maxWorkflowWaitMs: number,
): PendingRecord => ({
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
  finalReason: attempt.finalReason ?? null,
  receiverFailure: attempt.receiverFailure ? laterBy(sinceEndMs, attempt.receiverFailure) : null,
  nextOwner: (attempt.delayMs ?? 0) - sinceEndMs > maxWorkflowWaitMs ? SCHEDULE_OWNER : null,
});

/** What is left of the wait that the receiver has asked for. */
function laterBy(ms: number, failure: ReceiverFailure): ReceiverFailure {
  const { instruction } = failure;
  if (instruction.kind !== 'wait') return failure;
  const leftMs = instruction.ms - ms;
  return { ...failure, instruction: leftMs > 0 ? { kind: 'wait', ms: leftMs } : { kind: 'none' } };
}
