/** Whose use of something common is counted together, and how much of what is free they may take in all: 1 is as much. */
export type Share = { name: string; fraction: number };

/**
 * The shares that a call of a tenant counts into. Consumer keys, which a project hands to others, have shares apart
 * from its own: one by one, and together.
 */
export function sharesOf(projectId: string, consumer: string | null): Share[] {
  if (consumer === null) return [{ name: projectId, fraction: 1 }];
  return [
    { name: `${projectId} consumers`, fraction: 1 / 2 },
    { name: `${projectId} consumer ${consumer}`, fraction: 1 / 8 },
  ];
}

/**
 * Divides a common amount: a share may hold as much as is still free (Choudhury and Hahne's dynamic threshold). One
 * tenant by itself gets half, two a third each, and whoever comes new always finds some.
 */
export class SharedCapacity {
  readonly #total: number;
  readonly #held = new Map<string, number>();
  #used = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** Whether each of the shares may take `amount` more. */
  hasCapacity(shares: Share[], amount: number): boolean {
    const free = this.#total - this.#used - amount;
    return shares.every(({ name, fraction }) => this.heldBy(name) + amount <= free * fraction);
  }

  /** Takes it, room or not. */
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
