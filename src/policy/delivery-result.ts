import type { FinalStatus, Outcome } from './outcome.ts';
import type { ReceiverFailure } from './receiver-failure.ts';

/**
 * A delivery and its step in the retry policy. Step 0 is the immediate attempt. `orderedFor`: the endpoint wants its
 * deliveries one after the other; a list has them in that order.
 */
export type DeliveryStep = { id: string; step: number; orderedFor?: string };

/** Why a response ends a delivery at once: the receiver is gone, or the policy names the status code. */
export type FinalReason = 'gone' | 'final_status';

/** The state of a delivery after an attempt activity. */
export type DeliveryResult =
  | { id: string; kind: FinalStatus; lastOutcome: string }
  /** The next attempt is due in `dueInMs`, counted from this result. `lastOutcome` is such as `503` or `timeout`. */
  | { id: string; kind: 'waiting'; step: number; dueInMs: number; lastOutcome: string }
  /**
   * No longer owned by this workflow: held, returned to the queue, or taken by another owner. `next`: it waits in Postgres,
   * because its next attempt is hours away.
   */
  | { id: string; kind: 'released'; next?: { step: number; dueInMs: number; lastOutcome: string } };

/** An attempt that could not be recorded in Postgres before the activity had to end. Codes only. */
export type UnrecordedAttempt = {
  id: string;
  epoch: number;
  outcome: Outcome;
  statusCode: number | null;
  startedAt: string;
  durationMs: number;
  resent: boolean;
  /** Milliseconds from the end of this attempt to the next one; null if this was the last. */
  delayMs: number | null;
  /** Set if the response ended the delivery before its last attempt. */
  finalReason?: FinalReason;
  /** What the receiver asked for, if the failure counts against it. */
  receiverFailure?: ReceiverFailure;
};
