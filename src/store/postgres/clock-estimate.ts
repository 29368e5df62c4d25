/** An estimate of another clock relative to this process's monotonic clock; all in milliseconds. */
export type ClockEstimate = {
  /** The other clock's time when performance.now() was 0. */
  origin: number;
  /** The largest possible error of `origin` at `measuredAt`. */
  error: number;
  measuredAt: number;
};

/** What the other clock showed at some moment between two values of performance.now(). */
export type ClockReading = { remoteTime: number; before: number; after: number };

/** Five times the drift of a quartz clock, so that a recent reading can replace an older, more exact one. */
const DRIFT_MS_PER_S = 0.5;

/**
 * Returns the better of the current estimate and that of a new reading, as in Cristian's algorithm (1989). A slow reading
 * has a large error and is ignored, unless it contradicts the estimate: then the other clock has been set.
 */
export function betterEstimate(current: ClockEstimate | undefined, reading: ClockReading): ClockEstimate {
  const { remoteTime, before, after } = reading;
  const candidate = {
    origin: remoteTime - (before + after) / 2,
    error: (after - before) / 2,
    measuredAt: after,
  };
  if (!current) return candidate;
  const errorByNow = current.error + ((after - current.measuredAt) / 1_000) * DRIFT_MS_PER_S;
  const isSet = Math.abs(candidate.origin - current.origin) > candidate.error + errorByNow;
  return candidate.error <= errorByNow || isSet ? candidate : current;
}
