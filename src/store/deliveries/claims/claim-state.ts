import { deserializePolicy } from '../../../policy/retry-policy.ts';
import type { DeliveryDetails } from './delivery-details.ts';

/**
 * - `open`: its process lives, and may record it yet: its POST is under way, or answered.
 * - `lost`: its process is gone, or lives and does not work on it any more. Nobody will record it.
 * - `wedged`: its process lives, and has not recorded it in the time that an attempt can take.
 */
export type ClaimState = 'none' | 'open' | 'lost' | 'wedged';

/** The process that asks: it alone knows which of its own claims it works on. */
export type Claimant = { processId: string; isInFlight: (deliveryId: string) => boolean };

/** Added to the timeout of the attempt: as long as Temporal lets the activity run that made the claim. */
const WEDGED_AFTER_TIMEOUT_MS = 15_000;

/** What is known of the claim on a delivery, whose row is locked. */
export function claimStateOf(delivery: DeliveryDetails, claimant: Claimant | null): ClaimState {
  if (!delivery.claimedAt) return 'none';
  if (delivery.isProcessLost) return 'lost';
  if (delivery.processId === claimant?.processId && !claimant.isInFlight(delivery.id)) return 'lost';
  const canTakeMs = deserializePolicy(delivery.policy).timeout * 1000 + WEDGED_AFTER_TIMEOUT_MS;
  return delivery.claimAgeMs > canTakeMs ? 'wedged' : 'open';
}
