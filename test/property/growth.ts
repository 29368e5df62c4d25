import { cpuMs } from '../set-up/cpu-time.ts';

const SMALLEST = 1_024;
const LARGEST = 1_024 * 1_024;
/**
 * Twice the input may take this many times as long, and four times the input the square of it. Quadratic work takes 4 and
 * 16 times as long. A single doubling may outgrow CPU caches or cause a garbage collection, so both bounds must be exceeded.
 */
const RATIO = 3.5;
/** Times below this are dominated by the clock and the garbage collector. */
const FLOOR_MS = 10;
const RUNS = 5;
/** Times above this show clearly how the work grows, so measuring stops. */
const ENOUGH_MS = 200;

/** CPU time in milliseconds for an input of this many bytes. */
type Timed = (bytes: number) => number;

/**
 * Doubles the input from 1 KiB to `largest`, 1 MiB by default. Returns undefined if the CPU time of `work` grows linearly,
 * otherwise the sizes and times between which it grew faster. Slow runs are repeated, and the fastest one counts.
 */
export function superlinearGrowth<T>(
  make: (bytes: number) => T,
  work: (input: T) => unknown,
  largest = LARGEST,
): string | undefined {
  const timed: Timed = (bytes) => {
    const input = make(bytes);
    const before = cpuMs();
    work(input);
    return cpuMs() - before;
  };
  let beforeThat = 0;
  let before = timed(SMALLEST);
  for (let bytes = 2 * SMALLEST; bytes <= largest; bytes *= 2) {
    const allowed = () =>
      Math.max(RATIO * Math.max(before, FLOOR_MS), RATIO ** 2 * Math.max(beforeThat, FLOOR_MS));
    let now = timed(bytes);
    for (let run = 1; now > allowed() && run < RUNS; run++) {
      now = Math.min(now, timed(bytes));
      // Other load may have slowed the machine since.
      before = Math.max(before, timed(bytes / 2));
      beforeThat = Math.max(beforeThat, timed(bytes / 4));
    }
    if (now > allowed())
      return `${bytes / 2} bytes took ${before.toFixed(1)} ms, ${bytes} bytes ${now.toFixed(1)} ms`;
    if (now > ENOUGH_MS) break;
    beforeThat = before;
    before = now;
  }
  return undefined;
}
