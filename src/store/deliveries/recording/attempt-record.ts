import type { FinalReason } from '../../../policy/delivery-result.ts';
import type { Outcome } from '../../../policy/outcome.ts';
import type { ReceiverFailure } from '../../../policy/receiver-failure.ts';
import type { Transition } from '../transitions.ts';

/** A finished attempt, as stored in Postgres. */
export type AttemptRecord = {
  id: string;
  epoch: number;
  startedAt: Date;
  durationMs: number;
  outcome: Outcome;
  statusCode: number | null;
  resent: boolean;
  requestUrl: string | null;
  /** JSON in bytea: a header value may hold bytes that Postgres refuses in text. */
  requestHeaders: Buffer | null;
  responseHeaders: Buffer | null;
  responseBody: Buffer | null;
  responseTruncated: boolean;
  errorCode: string | null;
  errorMessage: string | null;
  /** Milliseconds until the next attempt if this one failed; null if it was the last. */
  retryInMs: number | null;
  /** Why it was the last; null if the policy has no more attempts. */
  finalReason: FinalReason | null;
  /** What the attempt says about its receiver, if it failed and that was the receiver's fault. */
  receiverFailure: ReceiverFailure | null;
  /**
   * What carries the delivery until its next attempt: the schedule; or, if this attempt had no workflow, the workflow that
   * makes the next one, null if it waits to be assigned.
   */
  nextOwner: string | null;
};

/**
 * `owner`: what carries the delivery from now on. `hasGate`: something restricts the receiver. `freesPlace`: only
 * so many are under way to it at once, so another delivery may have its turn now.
 */
export type RecordedTransition = Transition & {
  owner: string | null;
  receiver: string;
  hasGate: boolean;
  freesPlace: boolean;
};
