import type { AttemptResult } from './attempt.ts';

/**
 * What this process is attempting, and for which workflow. Temporal reruns an activity of which it heard nothing for
 * 10 s, although this process lives: its attempts are waited for here, not written off and sent again.
 */
export class InFlightAttempts {
  readonly #ownersOf = new Map<string, Map<string, Promise<AttemptResult>>>();

  find(owner: string, deliveryId: string): Promise<AttemptResult> | undefined {
    return this.#ownersOf.get(deliveryId)?.get(owner);
  }

  /** For another workflow than `owner`, which lost the delivery while its attempt was under way. */
  hasOtherOwner(owner: string, deliveryId: string): boolean {
    const owners = this.#ownersOf.get(deliveryId);
    return owners !== undefined && owners.size > (owners.has(owner) ? 1 : 0);
  }

  /** Until it settles; returns what settles as it does. */
  add(owner: string, deliveryId: string, attempt: Promise<AttemptResult>): Promise<AttemptResult> {
    const owners = this.#ownersOf.get(deliveryId) ?? new Map();
    this.#ownersOf.set(deliveryId, owners);
    const tracked = attempt.finally(() => {
      if (owners.get(owner) === tracked) owners.delete(owner);
      if (owners.size === 0 && this.#ownersOf.get(deliveryId) === owners) this.#ownersOf.delete(deliveryId);
    });
    owners.set(owner, tracked);
    return tracked;
  }
}
