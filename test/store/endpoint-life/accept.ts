import { randomUUID } from 'node:crypto';
import { mayTravelExpress, toClaims } from '../../../src/express/express-delivery.ts';
import { expressOwner } from '../../../src/policy/owner.ts';
import type { Claim } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import type { EventDraft } from '../../../src/store/events/event-draft.ts';
import { acceptEvents } from '../accept-events.ts';
import { type SeededStore, secretBox } from '../seed.ts';

/** What makes the first attempt: a workflow from the queue in Postgres, one that starts at once, or the accepting process. */
export type FirstAttempt = 'queue' | 'workflow' | 'express';

export type Accepted = {
  ids: string[];
  /** What a new workflow carries. */
  started: { owner: string; ids: string[] } | null;
  /** Claims that are open from the start. */
  claims: Claim[];
};

/** Stores events, as a process does that makes first attempts in this way wherever nothing restricts the receiver. */
export async function accept(
  { pool }: SeededStore,
  drafts: EventDraft[],
  by: FirstAttempt,
  processId: string,
): Promise<Accepted> {
  if (by === 'express') {
    const { deliveries } = await acceptEvents(
      pool,
      secretBox,
      drafts,
      (delivery) => (mayTravelExpress(delivery) ? expressOwner(processId) : null),
      { processId, withDetails: true },
    );
    const ids = deliveries.map(({ id }) => id);
    return { ids, started: null, claims: toClaims(deliveries.filter(mayTravelExpress)) };
  }
  const owner = by === 'workflow' ? `first/${randomUUID()}` : null;
  const { deliveries } = await acceptEvents(pool, secretBox, drafts, ({ lane, waitingFor }) =>
    lane === 'fast' && waitingFor === null ? owner : null,
  );
  const free = deliveries.filter(({ lane, waitingFor }) => lane === 'fast' && waitingFor === null);
  const started = owner === null ? null : { owner, ids: free.map(({ id }) => id) };
  return { ids: deliveries.map(({ id }) => id), started, claims: [] };
}
