import type { DeliveryResult } from '../policy/delivery-result.ts';
import { isFinalStatus } from '../policy/outcome.ts';
import { SCHEDULE_OWNER } from '../policy/owner.ts';
import { remainingDelayMs } from '../policy/retry-policy.ts';
import type { RecordedTransition } from '../store/deliveries/recording/attempt-record.ts';

/** The delay after a failure on our side, such as an outage of Postgres. */
export const RETRY_SOON_MS = 1_000;

const MIN_PROXY_DELAY_MS = 5_000;
const MAX_PROXY_DELAY_MS = 60_000;

/**
 * The delay after a failure of the proxy, which has been failing `forMs` milliseconds: half of that time at least and all of
 * it at most, within 5 and 60 s. All deliveries wait for the proxy, so they must not return at the same time.
 */
export function proxyDelayMs(forMs: number, random: () => number): number {
  const longest = Math.min(MAX_PROXY_DELAY_MS, Math.max(MIN_PROXY_DELAY_MS, forMs));
  return Math.round(Math.max(MIN_PROXY_DELAY_MS, longest * (0.5 + random() / 2)));
}

/** The result of a recorded attempt. `dueInMs` is used only if the delivery is to be retried by its workflow. */
export function resultAfter(
  { id, status, step, owner }: RecordedTransition,
  dueInMs: number,
  lastOutcome: string,
): DeliveryResult {
  if (isFinalStatus(status)) return { id, kind: status, lastOutcome };
  if (owner === null) return { id, kind: 'released' };
  if (owner === SCHEDULE_OWNER) return { id, kind: 'released', next: { step, dueInMs, lastOutcome } };
  return { id, kind: 'waiting', step, dueInMs, lastOutcome };
}

/** For a failure on our side: the workflow claims the delivery again, which finds its state in Postgres. */
export const retrySoon = (id: string, step: number): DeliveryResult => ({
  id,
  kind: 'waiting',
  step,
  dueInMs: RETRY_SOON_MS,
  lastOutcome: 'internal error',
});

/** Subtracts the time since the end of the attempt from the delay. */
export function minusElapsed(result: DeliveryResult, elapsedMs: number): DeliveryResult {
  if (result.kind !== 'waiting') return result;
  return { ...result, dueInMs: remainingDelayMs(result.dueInMs, elapsedMs) };
}
