import { cpuMs } from '../set-up/cpu-time.ts';

const SMALLEST = 1_024;
const LARGEST = 1_024 * 1_024;
/** Twice the input may take this many times as long, where what is quadratic takes 4: caches are left behind on the way up. */
const RATIO = 3.5;
/** Below it the clock and the garbage collector say more than the work. */
const FLOOR_MS = 10;
const RUNS = 5;
/** Far enough above the floor to have seen how it grows. */
const ENOUGH_MS = 80;

/** How long `work` takes of an input of so many bytes, in milliseconds. */
type Timed = (bytes: number) => number;

/**
 * Doubles the input from a kilobyte to a megabyte, and returns undefined where the time grows with it; else the sizes
 * and times between which it grew faster. What looks too slow is measured again, and the fastest run counts.
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
  let before = timed(SMALLEST);
  for (let bytes = 2 * SMALLEST; bytes <= largest; bytes *= 2) {
    const allowed = () => RATIO * Math.max(before, FLOOR_MS);
    let now = timed(bytes);
    for (let run = 1; now > allowed() && run < RUNS; run++) {
      now = Math.min(now, timed(bytes));
      before = Math.max(before, timed(bytes / 2)); // the machine may have been faster then than it is now
    }
    if (now > allowed())
      return `${bytes / 2} bytes took ${before.toFixed(1)} ms, ${bytes} bytes ${now.toFixed(1)} ms`;
    if (now > ENOUGH_MS) break;
    before = now;
  }
  return undefined;
}
