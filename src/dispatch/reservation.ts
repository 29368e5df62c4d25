import type { AssignedDelivery } from '../store/deliveries/assignments/assignment.ts';
import type { Owners } from '../store/events/insert-events.ts';
import type { NewDelivery } from '../store/events/match-receivers.ts';
import type { Group } from './groups/group.ts';
import type { GroupBuffer } from './groups/group-buffer.ts';
import type { WorkflowStarter } from './workflow-starter.ts';

/**
 * Capacity that is held for deliveries which are about to be stored. Exactly one call of `commit` or `release` must
 * follow; a second one throws.
 */
export type Reservation<Delivery = NewDelivery> = {
  /** For each delivery, in order: what carries it once it is stored, or null if it waits for an assignment. */
  owners: Owners;
  /** After the commit: starts what carries the stored deliveries, and gives up the places of the others. */
  commit(isStored: (delivery: Delivery) => boolean): void;
  /** The transaction failed. `mayBeStored`: it may have committed all the same, because the response was lost. */
  release(mayBeStored: boolean): void;
};

/** Decides what carries deliveries, before they are stored. */
export type Reserve = (deliveries: NewDelivery[]) => Reservation;

export type Reservations<Delivery> = {
  create(deliveries: Delivery[], groups: Map<Delivery, Group>): Reservation<Delivery>;
  /** How many have not ended. */
  openCount(): number;
};

/** The reservations of a queue. `onEnded` gets the deliveries without an owner that are stored, or may be. */
export function createReservations<Delivery extends { id: string }>(
  starter: WorkflowStarter,
  buffer: GroupBuffer,
  toAssigned: (delivery: Delivery) => AssignedDelivery,
  onEnded: (unowned: Delivery[]) => void,
): Reservations<Delivery> {
  let open = 0;

  function settle(group: Group, stored: Delivery[], lost: Delivery[], mayBeStored: boolean): void {
    const isClosed = group.state === 'closed';
    if (isClosed) group.settle([], stored.length + lost.length);
    else group.settle(stored.map(toAssigned), lost.length);
    buffer.giveBack(group, lost.length);
    // What may be stored is not started. If the release is lost too, the reconciler finds a workflow that does not exist.
    starter.release(group.workflowId, [...(isClosed ? stored : []), ...(mayBeStored ? lost : [])]);
    if (group.state === 'permitted') starter.start(group);
  }

  return {
    create(deliveries, groups) {
      const shares = Map.groupBy(deliveries, (delivery) => groups.get(delivery) ?? null);
      let isOpen = true;
      open += 1;
      const end = (isStored: (delivery: Delivery) => boolean, mayBeStored: boolean): void => {
        if (!isOpen) throw new Error('this reservation has ended before');
        isOpen = false;
        open -= 1;
        for (const [group, share] of shares) {
          const { true: stored = [], false: lost = [] } = Object.groupBy(share, (delivery) =>
            isStored(delivery) ? 'true' : 'false',
          );
          if (group) settle(group, stored, lost, mayBeStored);
        }
        onEnded(mayBeStored ? deliveries : (shares.get(null) ?? []).filter(isStored));
      };
      return {
        owners: deliveries.map((delivery) => groups.get(delivery)?.workflowId ?? null),
        commit: (isStored) => end(isStored, false),
        release: (mayBeStored) => end(() => false, mayBeStored),
      };
    },
    openCount: () => open,
  };
}
