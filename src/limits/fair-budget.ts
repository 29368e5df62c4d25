/*
 * For amounts that tenants wait for until a deadline, such as attempt slots and bytes of memory. Differs from
 * SharedCapacity: a call may get part of its amount or wait, while SharedCapacity grants or refuses at once.
 */

type Waiter = { max: number; min: number; grant: (amount: number) => void };

/**
 * A budget that tenants share by a dynamic threshold (Choudhury and Hahne, "Dynamic Queue Length Thresholds for
 * Shared-Memory Packet Switches", 1998): a tenant may hold as much as is free. One busy tenant gets half of the total, n
 * busy tenants leave 1/(n + 1) free, so an idle tenant always finds capacity at once.
 */
export class FairBudget {
  readonly #total: number;
  /** A second limit on what may be granted now to all tenants together. */
  readonly #maxGrantable: () => number;
  readonly #held = new Map<string, number>();
  /** In the order of service: a tenant that was served moves to the end. */
  readonly #waiting = new Map<string, Set<Waiter>>();
  #used = 0;
  #isServingScheduled = false;

  constructor(total: number, maxGrantable: () => number = () => Number.POSITIVE_INFINITY) {
    this.#total = total;
    this.#maxGrantable = maxGrantable;
  }

  get used(): number {
    return this.#used;
  }

  /**
   * Resolves with the amount granted, between `min` and `max`, or with 0 at `until` (performance.now()). A `min` larger
   * than the total is granted once nothing else is held.
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

  /** Takes 1 if the tenant may hold it now. It never overtakes the tenant's own waiters. */
  tryAcquire(tenant: string): boolean {
    if (this.#waiting.has(tenant) || this.#grantable(tenant, 1, 1) === 0) return false;
    this.#take(tenant, 1);
    return true;
  }

  release(tenant: string, amount: number): void {
    const left = (this.#held.get(tenant) ?? 0) - amount;
    if (left > 0) this.#held.set(tenant, left);
    else this.#held.delete(tenant);
    this.#used -= amount;
    this.serveWaiters();
  }

  /** Serves waiting tenants in the next event loop iteration. Call it when `maxGrantable` has grown. */
  serveWaiters(): void {
    if (this.#isServingScheduled || this.#waiting.size === 0) return;
    this.#isServingScheduled = true;
    // A round visits every waiting tenant: one per release would cost too much when many are released together.
    setImmediate(() => {
      this.#isServingScheduled = false;
      while (this.#serveRound());
    });
  }

  /** Serves one waiter of each tenant. Returns false if none could be served. */
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

  #grantable(tenant: string, max: number, min: number): number {
    const held = this.#held.get(tenant) ?? 0;
    const free = Math.min(this.#total - this.#used, this.#maxGrantable());
    // After a grant of n, held + n must be at most total - used - n.
    const share = Math.ceil((this.#total - this.#used - held) / 2);
    const amount = Math.floor(Math.min(max, free, share));
    if (amount >= min) return Math.max(amount, 0);
    const isIdleTenant = held === 0 && (free >= min || this.#used === 0) && this.#maxGrantable() >= 1;
    return isIdleTenant ? min : 0;
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
