import { FairBudget } from '../limits/fair-budget.ts';

/** The right to have one attempt under way. */
export type AttemptSlot = {
  /** The claimed attempt is on its way to a connection, `afterMs` from when its claim was sent. */
  markStarted(afterMs: number): void;
  /** It is no longer expected to begin soon: it waits for its body, or is looked at row by row. */
  markDeferred(): void;
  /** It is recorded, or its claim is released. Idempotent. */
  release(): void;
};

/** Bounds the attempts that this process has under way, and takes no claim that it could not begin. */
export type AttemptLimiter = {
  /** Between one slot and `wanted`, or none when none is free by `until` (performance.now()). */
  acquire(tenant: string, wanted: number, until: number): Promise<AttemptSlot[]>;
  stats(): { inFlight: number; window: number };
};

/** Half of the second in which a claimed POST must begin: later than this, fewer are claimed at once. */
const LATE_AFTER_MS = 500;
const QUICK_WITHIN_MS = 250;
/** Claimed and not begun, at once: two full groups at first, and never so few that a slow machine stands still. */
const FIRST_WINDOW = 200;
const SMALLEST_WINDOW = 8;
/** One stall makes many attempts late: it shrinks the window once. */
const SHRINK_EVERY_MS = 500;

/**
 * `most` bounds attempts from their claim to their record. Within it a window bounds those that are claimed and have
 * not begun: it halves when they begin late and grows by one with each that begins quickly, as TCP's congestion window
 * does (RFC 5681), so that claims follow the pace of this process and of Postgres, whatever that is.
 */
export function createAttemptLimiter({ maxConcurrent }: { maxConcurrent: number }): AttemptLimiter {
  let window = Math.min(FIRST_WINDOW, maxConcurrent);
  /** Under way and no longer in the window. */
  let begun = 0;
  let shrunkAt = Number.NEGATIVE_INFINITY;
  const budget: FairBudget = new FairBudget(maxConcurrent, () => window - notBegun());
  const notBegun = (): number => budget.used - begun;

  function adapt(afterMs: number): void {
    const now = performance.now();
    if (afterMs > LATE_AFTER_MS && now - shrunkAt > SHRINK_EVERY_MS) {
      shrunkAt = now;
      window = Math.max(SMALLEST_WINDOW, Math.floor(window / 2));
    } else if (afterMs < QUICK_WITHIN_MS && notBegun() > window / 2) {
      // Only while it is used (RFC 7661): a window that grew in quiet times would say nothing of what can begin.
      window = Math.min(maxConcurrent, window + 1);
    }
  }

  function newSlot(tenant: string): AttemptSlot {
    let state: 'claimed' | 'begun' | 'released' = 'claimed';
    const leaveWindow = (): void => {
      if (state !== 'claimed') return;
      state = 'begun';
      begun += 1;
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
        if (state === 'begun') begun -= 1;
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
    stats: () => ({ inFlight: budget.used, window }),
  };
}
