/** Where another clock stands against the monotonic one of this process; all in milliseconds. */
export type ClockEstimate = {
  /** The other clock's time when performance.now() was 0. */
  origin: number;
  /** How far that may have been off at `measuredAt`. */
  error: number;
  measuredAt: number;
};

/** One answer: what the other clock showed at some moment between two of performance.now(). */
export type ClockReading = { remoteTime: number; before: number; after: number };

/** How far two clocks may drift apart: five times what a quartz does, so that an old answer gives way to a less exact one. */
const DRIFT_MS_PER_S = 0.5;

/**
 * The better of what was known and what an answer says, as in Cristian's algorithm (1989): an answer that took long says
 * little, unless it contradicts what was known, because the other clock was set.
 */
export function betterEstimate(known: ClockEstimate | undefined, reading: ClockReading): ClockEstimate {
  const { remoteTime, before, after } = reading;
  const found = { origin: remoteTime - (before + after) / 2, error: (after - before) / 2, measuredAt: after };
  if (!known) return found;
  const errorByNow = known.error + ((after - known.measuredAt) / 1_000) * DRIFT_MS_PER_S;
  const isSet = Math.abs(found.origin - known.origin) > found.error + errorByNow;
  return found.error <= errorByNow || isSet ? found : known;
}
