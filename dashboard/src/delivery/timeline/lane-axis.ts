/** Seconds at which the compressed axis is twice as far as at the start: early retries stay apart from late ones. */
const SCALE_SECONDS = 5;

const TICKS = [0.1, 1, 10, 60, 600, 3_600, 6 * 3_600, 86_400, 3 * 86_400, 10 * 86_400];

export type Axis = {
  startMs: number;
  endMs: number;
  /** From 0 at the start to 1 at the end. Logarithmic, because delays between attempts grow. */
  position(ms: number): number;
  ticks: { position: number; seconds: number }[];
};

/** A time axis that several lanes share. `times`: everything that has to fit, in epoch milliseconds. */
export function laneAxis(startMs: number, times: number[]): Axis {
  const endMs = Math.max(startMs + 1_000, ...times);
  const compressed = (ms: number): number => Math.log1p(Math.max(0, ms - startMs) / 1_000 / SCALE_SECONDS);
  const whole = compressed(endMs);
  const position = (ms: number): number => Math.min(1, compressed(ms) / whole);
  const ticks = TICKS.map((seconds) => ({ seconds, position: position(startMs + seconds * 1_000) })).filter(
    (tick) => startMs + tick.seconds * 1_000 < endMs && tick.position < 0.97,
  );
  return { startMs, endMs, position, ticks };
}

/**
 * Moves marks to the right so that no two are closer than `gap`, then back from the right edge, so that all can be seen
 * and clicked. `wanted` ascends, in the unit of `gap`.
 */
export function spreadMarks(wanted: number[], gap: number, limit: number): number[] {
  const placed: number[] = [];
  for (const [index, at] of wanted.entries())
    placed.push(index === 0 ? at : Math.max(at, placed[index - 1]! + gap));
  let right = limit;
  for (let index = placed.length - 1; index >= 0; index--) {
    placed[index] = Math.max(0, Math.min(placed[index]!, right));
    right = placed[index]! - gap;
  }
  return placed;
}
