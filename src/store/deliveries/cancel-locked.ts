import type pg from 'pg';
import { workflowOf } from '../../policy/owner.ts';
import { cancelDeliveries, requestCancel } from './transitions.ts';

/** An open delivery that the transaction has locked. */
export type LockedDelivery = { id: string; owner: string | null; claimed: boolean };

/** The workflow that has to be signalled after the commit. */
export type WorkflowSignal = { owner: string; ids: string[] };

/**
 * Cancels open deliveries that are locked in id order; the result of a POST in flight cancels its delivery. Returns the
 * workflows to signal. Call it once in a transaction, because events are locked after all deliveries.
 */
export async function cancelLocked(
  client: pg.PoolClient,
  deliveries: LockedDelivery[],
  reason: string,
): Promise<WorkflowSignal[]> {
  const inFlight = deliveries.filter(({ claimed }) => claimed).map(({ id }) => id);
  const idle = deliveries.filter(({ claimed }) => !claimed);
  if (inFlight.length > 0) await requestCancel(client, inFlight, reason);
  await cancelDeliveries(
    client,
    idle.map(({ id }) => ({ id, reason })),
  );
  const byOwner = Map.groupBy(
    idle.filter(({ owner }) => workflowOf(owner) !== null),
    ({ owner }) => owner!,
  );
  return [...byOwner].map(([owner, owned]) => ({ owner, ids: owned.map(({ id }) => id) }));
}
