import { ATTEMPT_OVERHEAD_MS, deserializePolicy } from '../../../policy/retry-policy.ts';
import type { DeliveryDetails } from './delivery-details.ts';

/**
 * - `open`: the process is alive and may still record the attempt.
 * - `lost`: the process is lost, or is alive and no longer works on the claim. The attempt will never be recorded.
 * - `wedged`: the process is alive, but has not recorded the attempt within the longest time that an attempt can take, for
 *   all of which it has reached Postgres.
 */
export type ClaimState = 'none' | 'open' | 'lost' | 'wedged';

/** The process that resolves claims. Only it knows which of its own claims are in flight. */
export type Claimant = { processId: string; isInFlight: (claim: OpenClaim) => boolean };

export type OpenClaim = Pick<DeliveryDetails, 'id' | 'epoch'>;

/** Returns the state of the claim on a delivery. The caller has locked its row. */
export function claimStateOf(delivery: DeliveryDetails, claimant: Claimant | null): ClaimState {
  if (!delivery.claimedAt) return 'none';
  if (delivery.isProcessLost) return 'lost';
  if (delivery.processId === claimant?.processId && !claimant.isInFlight(delivery)) return 'lost';
  const longestMs = deserializePolicy(delivery.policy).timeout * 1000 + ATTEMPT_OVERHEAD_MS;
  return delivery.claimWritableForMs > longestMs ? 'wedged' : 'open';
}
