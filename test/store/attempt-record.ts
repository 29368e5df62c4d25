import type { AttemptRecord } from '../../src/store/deliveries/recording/attempt-record.ts';

/** The record of an attempt that got a 503 and is due again in 60 s. */
export const attemptRecordOf = (
  { id, epoch }: { id: string; epoch: number },
  changes: Partial<AttemptRecord> = {},
): AttemptRecord => ({
  id,
  epoch,
  startedAt: new Date(),
  durationMs: 5,
  outcome: 'rejected',
  statusCode: 503,
  resent: false,
  requestUrl: null,
  requestHeaders: null,
  responseHeaders: null,
  responseBody: null,
  responseTruncated: false,
  errorCode: null,
  errorMessage: null,
  retryInMs: 60_000,
  finalReason: null,
  receiverFailure: null,
  nextOwner: null,
  ...changes,
});
