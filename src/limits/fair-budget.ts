/** A caller that waits for between `least` and `most`. */
type Waiter = { max: number; min: number; grant: (amount: number) => void };

/**
 * A budget that tenants share. A tenant may take more while it holds less than is free: alone it gets half of the
 * total, the n-th heavy tenant leaves 1/(n + 1) free, and a newcomer always finds room at once. (Dynamic thresholds:
 * Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet Switches", 1998.)
 */
export class FairBudget {
  readonly #total: number;
  /** A further limit on what may be granted now, over all tenants. */
  readonly #mayGrant: () => number;
  readonly #held = new Map<string, number>();
  /** In the order in which tenants are served: who was served goes to the end. */
  readonly #waiting = new Map<string, Set<Waiter>>();
  #used = 0;
  #isPumping = false;

  constructor(total: number, mayGrant: () => number = () => Number.POSITIVE_INFINITY) {
    this.#total = total;
    this.#mayGrant = mayGrant;
  }

  get used(): number {
    return this.#used;
  }

  /**
   * Resolves with what was granted, between `least` and `most`, or with 0 when `until` (performance.now()) comes first.
   * What is larger than the whole budget is granted when nothing else is held.
   */
  acquire(
    tenant: string,
    { max, min = 1, until }: { max: number; min?: number; until: number },
  ): Promise<number> {
    const now = this.#waiting.has(tenant) ? 0 : this.#grantable(tenant, max, min);
    if (now > 0) {
      this.#take(tenant, now);
      return Promise.resolve(now);
    }
    return new Promise((resolve) => this.#wait(tenant, { max, min, until }, resolve));
  }

  release(tenant: string, amount: number): void {
    const left = (this.#held.get(tenant) ?? 0) - amount;
    if (left > 0) this.#held.set(tenant, left);
    else this.#held.delete(tenant);
    this.#used -= amount;
    this.serveWaiters();
  }

  /** Serves who waits, soon: to be called when `mayGrant` has grown. */
  serveWaiters(): void {
    if (this.#isPumping || this.#waiting.size === 0) return;
    this.#isPumping = true;
    // Once for all that is released in one turn of the event loop: each pass looks at every waiting tenant.
    setImmediate(() => {
      this.#isPumping = false;
      while (this.#serveRound());
    });
  }

  /** One waiter of each tenant; false when none could be served. */
  #serveRound(): boolean {
    let served = false;
    for (const [tenant, waiters] of [...this.#waiting]) {
      const [first] = waiters;
      if (!first) continue;
      const amount = this.#grantable(tenant, first.max, first.min);
      if (amount === 0) continue;
      served = true;
      this.#take(tenant, amount);
      this.#waiting.delete(tenant);
      waiters.delete(first);
      if (waiters.size > 0) this.#waiting.set(tenant, waiters);
      first.grant(amount);
    }
    return served;
  }

  #grantable(tenant: string, most: number, least: number): number {
    const held = this.#held.get(tenant) ?? 0;
    const free = Math.min(this.#total - this.#used, this.#mayGrant());
    // Taking n leaves free - n, of which held + n may not be more.
    const share = Math.ceil((this.#total - this.#used - held) / 2);
    const amount = Math.floor(Math.min(most, free, share));
    if (amount >= least) return Math.max(amount, 0);
    const isNewcomer = held === 0 && (free >= least || this.#used === 0) && this.#mayGrant() >= 1;
    return isNewcomer ? least : 0;
  }

  #take(tenant: string, amount: number): void {
    this.#held.set(tenant, (this.#held.get(tenant) ?? 0) + amount);
    this.#used += amount;
  }

  #wait(
    tenant: string,
    { max, min, until }: { max: number; min: number; until: number },
    resolve: (amount: number) => void,
  ): void {
    const waiters = this.#waiting.get(tenant) ?? new Set();
    this.#waiting.set(tenant, waiters);
    const timer = setTimeout(
      () => {
        waiters.delete(waiter);
        if (waiters.size === 0 && this.#waiting.get(tenant) === waiters) this.#waiting.delete(tenant);
        resolve(0);
      },
      Math.max(0, until - performance.now()),
    );
    const waiter: Waiter = {
      max,
      min,
      grant: (amount) => {
        clearTimeout(timer);
        resolve(amount);
      },
    };
    waiters.add(waiter);
  }
}
