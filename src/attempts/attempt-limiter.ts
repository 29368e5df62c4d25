import { FairBudget } from '../limits/fair-budget.ts';

/** Permission to run one attempt. */
export type AttemptSlot = {
  /** Call when the POST starts, `afterMs` milliseconds after its claim was sent. */
  markStarted(afterMs: number): void;
  /** Call when the attempt cannot start soon, because its body is still to be read or its claim to be resolved. */
  markDeferred(): void;
  /** Call when the attempt is recorded or its claim is released. Idempotent. */
  release(): void;
};

/** Limits the attempts in flight in this process, and the claims to those that it can start in time. */
export type AttemptLimiter = {
  /** Resolves with 1 to `wanted` slots, or with none if none is free by `until` (performance.now()). */
  acquire(tenant: string, wanted: number, until: number): Promise<AttemptSlot[]>;
  /** A slot that is free now, or null. */
  tryAcquire(tenant: string): AttemptSlot | null;
  stats(): { inFlight: number; window: number };
};

/** Half of the second in which a claimed POST must start. If one starts later, the window shrinks. */
const LATE_AFTER_MS = 500;
const QUICK_WITHIN_MS = 250;
/** Attempts that are claimed and not started: two full groups initially, and enough to keep a slow machine busy at least. */
const INITIAL_WINDOW = 200;
const MIN_WINDOW = 8;
/** One stall makes many attempts late, and must shrink the window only once. */
const SHRINK_EVERY_MS = 500;

/**
 * `maxConcurrent` limits attempts from claim to record. Within it, a window limits those that are claimed and not
 * started. Like TCP's congestion window (RFC 5681), it halves when attempts start late and grows by one with each that
 * starts quickly, so claims adapt to the speed of this process and of Postgres.
 */
export function createAttemptLimiter({ maxConcurrent }: { maxConcurrent: number }): AttemptLimiter {
  let window = Math.min(INITIAL_WINDOW, maxConcurrent);
  /** In flight and no longer counted in the window. */
  let started = 0;
  let shrunkAt = Number.NEGATIVE_INFINITY;
  const budget: FairBudget = new FairBudget(maxConcurrent, () => window - notStarted());
  const notStarted = (): number => budget.used - started;

  function adapt(afterMs: number): void {
    const now = performance.now();
    if (afterMs > LATE_AFTER_MS && now - shrunkAt > SHRINK_EVERY_MS) {
      shrunkAt = now;
      window = Math.max(MIN_WINDOW, Math.floor(window / 2));
    } else if (afterMs < QUICK_WITHIN_MS && notStarted() > window / 2) {
      // Grows only while it is used (RFC 7661): otherwise it would reach its maximum in quiet times.
      window = Math.min(maxConcurrent, window + 1);
    }
  }

  function newSlot(tenant: string): AttemptSlot {
    let state: 'claimed' | 'started' | 'released' = 'claimed';
    const leaveWindow = (): void => {
      if (state !== 'claimed') return;
      state = 'started';
      started += 1;
      budget.serveWaiters();
    };
    return {
      markStarted(afterMs) {
        if (state === 'claimed') adapt(afterMs);
        leaveWindow();
      },
      markDeferred: leaveWindow,
      release() {
        if (state === 'released') return;
        if (state === 'started') started -= 1;
        state = 'released';
        budget.release(tenant, 1);
      },
    };
  }

  return {
    async acquire(tenant, wanted, until) {
      const count = await budget.acquire(tenant, { max: wanted, until });
      return Array.from({ length: count }, () => newSlot(tenant));
    },
    tryAcquire: (tenant) => (budget.tryAcquire(tenant) ? newSlot(tenant) : null),
    stats: () => ({ inFlight: budget.used, window }),
  };
}
