import type { FinalStatus, Outcome } from './outcome.ts';

/** A delivery and its step in the retry policy. Step 0 is the immediate attempt. */
export type DeliveryStep = { id: string; step: number };

/** The state of a delivery after an attempt activity. */
export type DeliveryResult =
  | { id: string; kind: FinalStatus; lastOutcome: string }
  /** The next attempt is due in `dueInMs`, counted from this result. `lastOutcome` is such as `503` or `timeout`. */
  | { id: string; kind: 'waiting'; step: number; dueInMs: number; lastOutcome: string }
  /** No longer owned by this workflow: held, returned to the queue, or taken by another owner. */
  | { id: string; kind: 'released' };

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
};
