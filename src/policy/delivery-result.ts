import type { Outcome } from './outcome.ts';

/** A delivery and its place in the policy: step 0 is the immediate attempt. */
export type DeliveryStep = { id: string; step: number };

/** Where a delivery stands after an attempt activity. */
export type DeliveryResult =
  | { id: string; kind: 'delivered' | 'undeliverable' | 'cancelled'; lastOutcome: string }
  /** To be attempted again in `dueInMs`, counted from the result. `after` is what happened, as `503` or `timeout`. */
  | { id: string; kind: 'waiting'; step: number; dueInMs: number; lastOutcome: string }
  /** No longer this workflow's: held, given back, or another owner's. */
  | { id: string; kind: 'released' };

/** An attempt whose record did not reach Postgres before the activity had to end: codes only. */
export type UnrecordedAttempt = {
  id: string;
  epoch: number;
  outcome: Outcome;
  statusCode: number | null;
  startedAt: string;
  durationMs: number;
  resent: boolean;
  /** Milliseconds from the end of the attempt to the next one; null: it was the last. */
  delayMs: number | null;
};
