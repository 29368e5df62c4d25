import type { AttemptResult } from './attempt-claims.ts';

/**
 * The attempts in flight in this process, by delivery and workflow. Temporal reruns an activity whose heartbeats are late
 * for 10 s, even if this process is alive. The second run then waits for the first one's attempts and sends nothing.
 */
export class InFlightAttempts {
  readonly #attemptsByDelivery = new Map<string, Map<string, Promise<AttemptResult>>>();

  find(owner: string, deliveryId: string): Promise<AttemptResult> | undefined {
    return this.#attemptsByDelivery.get(deliveryId)?.get(owner);
  }

  /** Whether a workflow other than `owner`, which has lost the delivery since, has an attempt in flight. */
  hasOtherOwner(owner: string, deliveryId: string): boolean {
    const owners = this.#attemptsByDelivery.get(deliveryId);
    return owners !== undefined && owners.size > (owners.has(owner) ? 1 : 0);
  }

  /** Keeps the attempt until it settles. The returned promise settles as the attempt does. */
  add(owner: string, deliveryId: string, attempt: Promise<AttemptResult>): Promise<AttemptResult> {
    const owners = this.#attemptsByDelivery.get(deliveryId) ?? new Map();
    this.#attemptsByDelivery.set(deliveryId, owners);
    const tracked = attempt.finally(() => {
      if (owners.get(owner) === tracked) owners.delete(owner);
      if (owners.size === 0 && this.#attemptsByDelivery.get(deliveryId) === owners)
        this.#attemptsByDelivery.delete(deliveryId);
    });
    owners.set(owner, tracked);
    return tracked;
  }
}
