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

/** The reservations of a queue. */
export type ReservationDependencies<Delivery> = {
  starter: WorkflowStarter;
  buffer: GroupBuffer;
  toAssigned: (delivery: Delivery) => AssignedDelivery;
  /** Called when a reservation has ended. `unowned`: deliveries that are stored, or may be, without an owner. */
  onEnded: (unowned: Delivery[]) => void;
};

export class Reservations<Delivery extends { id: string }> {
  readonly #deps: ReservationDependencies<Delivery>;
  #open = 0;

  constructor(deps: ReservationDependencies<Delivery>) {
    this.#deps = deps;
  }

  /** Reservations that have not ended. */
  get open(): number {
    return this.#open;
  }

  create(deliveries: Delivery[], groups: Map<Delivery, Group>): Reservation<Delivery> {
    let isOpen = true;
    this.#open += 1;
    const end = (isStored: (delivery: Delivery) => boolean, mayBeStored: boolean): void => {
      if (!isOpen) throw new Error('this reservation has ended before');
      isOpen = false;
      this.#open -= 1;
      const shares = Map.groupBy(deliveries, (delivery) => groups.get(delivery) ?? null);
      for (const [group, share] of shares) if (group) this.#settle(group, share, isStored, mayBeStored);
      const unowned = shares.get(null) ?? [];
      this.#deps.onEnded(mayBeStored ? deliveries : unowned.filter(isStored));
    };
    return {
      owners: deliveries.map((delivery) => groups.get(delivery)?.workflowId ?? null),
      commit: (isStored) => end(isStored, false),
      release: (mayBeStored) => end(() => false, mayBeStored),
    };
  }

  #settle(
    group: Group,
    share: Delivery[],
    isStored: (delivery: Delivery) => boolean,
    mayBeStored: boolean,
  ): void {
    const { starter, buffer, toAssigned } = this.#deps;
    const stored = share.filter(isStored);
    const isClosed = group.state === 'closed';
    group.settle(isClosed ? [] : stored.map(toAssigned), share.length - (isClosed ? 0 : stored.length));
    buffer.giveBack(group, share.length - stored.length);
    // What may be stored is not started. If the release is lost too, the reconciler finds a workflow that does not exist.
    const unstarted = mayBeStored ? share : isClosed ? stored : [];
    starter.release(group.workflowId, unstarted);
    if (group.state === 'permitted' && group.isStored) starter.start(group);
  }
}
