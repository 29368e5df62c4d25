import type { Claim } from '../store/deliveries/claims/claim-deliveries.ts';

/** A delivery whose first attempt had no workflow and failed. `step` is the next step of its policy. */
export type PendingRetry = Pick<
  Claim,
  'id' | 'projectId' | 'eventId' | 'type' | 'policy' | 'lane' | 'step'
> & {
  /** The delay counts from `endedAt`, a time of performance.now(). */
  retry: { delayMs: number; endedAt: number; lastOutcome: string };
};

export function pendingRetry(claim: Claim, retry: PendingRetry['retry']): PendingRetry {
  // Not the whole claim: its body and secrets would stay in memory until the workflow starts.
  const { id, projectId, eventId, type, policy, lane, step } = claim;
  return { id, projectId, eventId, type, policy, lane, step: step + 1, retry };
}

/** The workflow that carries on with a delivery. Ends with exactly one of `commit` and `release`. */
export type RetryReservation = {
  /** Null: the delivery waits in Postgres until it is due. */
  owner: string | null;
  /** The failed attempt is recorded, and the delivery has this owner. */
  commit(): void;
  /** The delivery needs no retry, or has another owner. `mayBeStored`: it may have this owner all the same. */
  release(mayBeStored: boolean): void;
};

export type ReserveRetry = (pending: PendingRetry) => RetryReservation;
