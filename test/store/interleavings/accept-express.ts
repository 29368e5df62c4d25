import { EXPRESS_EPOCH, mayTravelExpress, toClaims } from '../../../src/express/express-delivery.ts';
import { expressOwner } from '../../../src/policy/owner.ts';
import type { Claim } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { releaseClaims } from '../../../src/store/deliveries/claims/release-claims.ts';
import { overdueOwners, releaseLost } from '../../../src/store/deliveries/reconciliation.ts';
import type { EventDraft } from '../../../src/store/events/event-draft.ts';
import { acceptEvents } from '../accept-events.ts';
import { type SeededStore, secretBox } from '../seed.ts';
import { ALIVE } from './triggers.ts';

/** Has no row in `processes`. */
const LOST = 'prc_lost';

export type ExpressAccept = 'accept express' | 'accept express and lose the process' | 'accept uncertainly';

/**
 * Accepts events whose deliveries have an open claim from the start, of the process that is alive or of the lost one.
 * Returns the ids, and the claims that are still to be recorded: none if the answer to the commit was lost.
 */
export async function acceptExpress(
  { pool }: SeededStore,
  drafts: EventDraft[],
  how: ExpressAccept,
): Promise<{ ids: string[]; claims: Claim[] }> {
  const processId = how === 'accept express and lose the process' ? LOST : ALIVE;
  const { deliveries } = await acceptEvents(
    pool,
    secretBox,
    drafts,
    (delivery) => (mayTravelExpress(delivery) ? expressOwner(processId) : null),
    { processId, withDetails: true },
  );
  const ids = deliveries.map(({ id }) => id);
  const claims = toClaims(deliveries.filter(mayTravelExpress));
  if (how !== 'accept uncertainly') return { ids, claims };
  await releaseClaims(
    pool,
    claims.map(({ id }) => ({ id, epoch: EXPRESS_EPOCH, lane: 'fast', dueInMs: 0 })),
  );
  return { ids, claims: [] };
}

/** What the reconciler does: it releases the deliveries of the lost process. */
export async function releaseLostExpress({ pool }: SeededStore): Promise<void> {
  for (const { owner, ids } of await overdueOwners(pool, 0, 10_000))
    if (owner === expressOwner(LOST)) await releaseLost(pool, owner, ids);
}

/** The process that is alive was silent for some seconds, so that its deliveries get another owner. */
export const releaseSilentExpress = ({ pool }: SeededStore, ids: string[]): Promise<number> =>
  releaseLost(pool, expressOwner(ALIVE), ids);
