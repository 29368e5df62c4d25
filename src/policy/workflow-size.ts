import { hasDelayShorterThanTimeout, type RetryPolicy } from './retry-policy.ts';

/** The most deliveries in one workflow, whose cost hardly depends on their number (docs/performance.md). */
export const MAX_DELIVERIES = 200;
/**
 * The most retries that the deliveries of a workflow can need together. Each adds up to 11 events to its history, which begins
 * anew after 2,000 (docs/decisions/0023-bounded-histories.md).
 */
export const MAX_RETRIES = 2_000;
/** With a delay shorter than the timeout, each delivery has an activity of its own, and there are more events. */
export const MAX_SHORT_DELAY_DELIVERIES = 25;

/** How many deliveries with this policy may share a workflow. */
export function maxDeliveriesOf(policy: RetryPolicy): number {
  if (hasDelayShorterThanTimeout(policy)) return MAX_SHORT_DELAY_DELIVERIES;
  return Math.min(MAX_DELIVERIES, Math.floor(MAX_RETRIES / Math.max(1, policy.delays.length)));
}
