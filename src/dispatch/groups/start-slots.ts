import { SharedCapacity, sharesOf } from '../../limits/shared-capacity.ts';

/*
 * A start slot is the right to have one workflow started and not yet claimed. While fewer than `anyBelow` are held,
 * anything may start. Full and overdue groups may start up to the total, as long as their project holds fewer slots than
 * are free. So each event has its own workflow while workers keep up, and events share workflows when they do not. A
 * single project gets up to half of the slots, and another project always finds one.
 */
const LIMITS = {
  /**
   * After each start, the next partial group waits 1.5 ms per delivery started. Below 667 deliveries a second this delays
   * nothing; above, groups fill up, and deliveries wait at most 150 ms for it (docs/decisions/0006).
   */
  auto: { anyBelow: 2, total: 32, paceMsPerDelivery: 1.5 },
  /** Each event needs its own workflow and, if it waits in Postgres, its own statement. */
  never: { anyBelow: 64, total: 128, paceMsPerDelivery: 0 },
};
const MAX_PACE_MS = 150;
/** A project that has taken no slot for this long is idle: it does not cause the load. */
const IDLE_AFTER_MS = 250;

export class StartSlots {
  readonly #limits: (typeof LIMITS)['auto' | 'never'];
  readonly #slots: SharedCapacity;
  readonly #partial = new SharedCapacity(Number.POSITIVE_INFINITY);
  /** When a project last took a slot, the oldest first. */
  readonly #lastTaken = new Map<string, number>();
  #nextPartialAt = 0;

  constructor(grouping: 'auto' | 'never') {
    this.#limits = LIMITS[grouping];
    // One more, or the last slot would stay free: a share must leave as much as it holds.
    this.#slots = new SharedCapacity(this.#limits.total + 1);
  }

  get held(): number {
    return this.#slots.used;
  }

  /** Milliseconds until a partial group of any project may start. Infinity: when a slot is returned. */
  msUntilPartial(): number {
    if (this.held >= this.#limits.anyBelow) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#nextPartialAt - performance.now());
  }

  /** Whether a partial group of any project may start. */
  allowsPartial = (): boolean => this.msUntilPartial() === 0;

  /** Whether a full group of any project may start. */
  get hasFree(): boolean {
    return this.held < this.#limits.total;
  }

  /** Whether a full group of the project may start. If a slot is free, only a project that holds some may not. */
  allowsFull = (projectId: string): boolean => this.#slots.hasCapacity(sharesOf(projectId, null), 1);

  /** Whether a partial group of the project that has waited too long may start. */
  allowsOverdue = (projectId: string): boolean =>
    this.allowsFull(projectId) && this.#partial.heldBy(projectId) < this.#limits.anyBelow;

  /** Whether the project holds no slot and took none within 250 ms. Its event starts at once, whatever the load. */
  isIdle(projectId: string): boolean {
    const idleBefore = performance.now() - IDLE_AFTER_MS;
    for (const [id, takenAt] of this.#lastTaken) {
      if (takenAt >= idleBefore) break;
      this.#lastTaken.delete(id);
    }
    return (
      !this.#lastTaken.has(projectId) && this.#slots.heldBy(projectId) === 0 && this.allowsFull(projectId)
    );
  }

  /** Takes a slot to start so many deliveries. Returns a function that returns it. */
  take(projectId: string, deliveries: number, isFull: boolean): () => void {
    const paceMs = Math.min(MAX_PACE_MS, deliveries * this.#limits.paceMsPerDelivery);
    if (paceMs > 0) this.#nextPartialAt = performance.now() + paceMs;
    const shares = sharesOf(projectId, null);
    this.#lastTaken.delete(projectId);
    this.#lastTaken.set(projectId, performance.now());
    this.#slots.take(shares, 1);
    this.#partial.take(shares, isFull ? 0 : 1);
    return () => {
      this.#slots.release(shares, 1);
      this.#partial.release(shares, isFull ? 0 : 1);
    };
  }
}
