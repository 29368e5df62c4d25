import type { Outcome } from '../../../../sdk/typescript/src/outcome-stream.ts';

export const KEPT = 1_000;
const RATE_MS = 10_000;

/** The newest outcomes first, and how many come in a second. Holds no more than 1,000, however many come. */
export class StreamBuffer {
  #kept: Outcome[] = [];
  readonly #times: number[] = [];
  #total = 0;

  add(outcome: Outcome, now: number): void {
    this.#kept.push(outcome);
    this.#total += 1;
    this.#times.push(now);
    // Twice as many, so that an outcome does not move a thousand others.
    if (this.#kept.length > 2 * KEPT) this.#kept = this.#kept.slice(-KEPT);
    if (this.#times.length > 100_000) this.#times.splice(0, 50_000);
  }

  /** All that came since the start. */
  get total(): number {
    return this.#total;
  }

  newest(): Outcome[] {
    return this.#kept.slice(-KEPT).reverse();
  }

  /** Outcomes a second, over the last 10 s. */
  rate(now: number): number {
    const first = this.#times.findIndex((at) => at > now - RATE_MS);
    if (first < 0) this.#times.length = 0;
    else this.#times.splice(0, first);
    return this.#times.length / (RATE_MS / 1_000);
  }

  clear(): void {
    this.#kept = [];
  }
}
