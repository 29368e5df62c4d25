/*
 * For amounts that are admitted or refused at once, such as memory for request bodies. Differs from FairBudget: nobody
 * waits, and one use can count against several shares.
 */

/** A name under which use is counted, and the fraction of the free capacity that it may hold. */
export type Share = { name: string; fraction: number };

/**
 * The shares against which a call of a tenant counts. A project gives consumer keys to third parties, so these have
 * shares of their own: one for each consumer, and one for all consumers of the project.
 */
export function sharesOf(projectId: string, consumer: string | null): Share[] {
  if (consumer === null) return [{ name: projectId, fraction: 1 }];
  return [
    { name: `${projectId} consumers`, fraction: 1 / 2 },
    { name: `${projectId} consumer ${consumer}`, fraction: 1 / 8 },
  ];
}

/**
 * Divides a capacity by the dynamic threshold of FairBudget: a share may hold as much as is free. One busy tenant gets
 * half, two get a third each, and an idle tenant always finds some.
 */
export class SharedCapacity {
  readonly #total: number;
  readonly #held = new Map<string, number>();
  #used = 0;

  constructor(total: number) {
    this.#total = total;
  }

  get used(): number {
    return this.#used;
  }

  /** Whether every share may take `amount` more. */
  hasCapacity(shares: Share[], amount: number): boolean {
    const free = this.#total - this.#used - amount;
    return shares.every(({ name, fraction }) => this.heldBy(name) + amount <= free * fraction);
  }

  /** Takes the amount, even beyond the capacity. */
  take(shares: Share[], amount: number): void {
    this.#used += amount;
    for (const { name } of shares) this.#held.set(name, this.heldBy(name) + amount);
  }

  release(shares: Share[], amount: number): void {
    this.#used -= amount;
    for (const { name } of shares) {
      const left = this.heldBy(name) - amount;
      if (left > 0) this.#held.set(name, left);
      else this.#held.delete(name);
    }
  }

  heldBy(name: string): number {
    return this.#held.get(name) ?? 0;
  }
}
