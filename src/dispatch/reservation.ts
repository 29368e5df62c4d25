import type { Owners } from '../store/events/insert-events.ts';
import type { NewDelivery } from '../store/events/match-receivers.ts';

/**
 * Capacity that is held for deliveries which are about to be stored. It is held until the first call of `commit` or
 * `release`; one of them must follow.
 */
export type Reservation = {
  /** For each delivery, in order: what carries it once it is stored, or null if it waits for an assignment. */
  owners: Owners;
  /** After the commit: starts what carries the stored deliveries, and releases the others. */
  commit(isStored: (delivery: NewDelivery) => boolean): void;
  /** The transaction failed. `mayBeStored`: it may have committed all the same, because the response was lost. */
  release(mayBeStored: boolean): void;
};

/** Decides what carries deliveries, before they are stored. */
export type Reserve = (deliveries: NewDelivery[]) => Reservation;
