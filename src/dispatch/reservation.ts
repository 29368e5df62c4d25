import type { Owners } from '../store/events/accept/insert-events.ts';
import type { NewDelivery } from '../store/events/accept/match-receivers.ts';

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
