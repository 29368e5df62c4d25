/** What happens to a receiver that only fails. Times in seconds since the first failure; 0 switches a rule off. */
export type FailureRules = {
  /** From when on the receiver gets only probes, after at least COOL_DOWN_FAILURES failures. */
  coolDownAfter: number;
  /** From the start of the cool-down to its first probe. Then twice as long each time, up to MAX_PROBE_INTERVAL_MS. */
  probeEvery: number;
  /** When the project is warned, and warned again. */
  warnAfter: number;
  warnAgainAfter: number;
  /** When the endpoint is disabled. */
  disableAfter: number;
};

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const DEFAULT_FAILURE_RULES: FailureRules = {
  coolDownAfter: MINUTE,
  probeEvery: 30,
  warnAfter: HOUR,
  warnAgainAfter: DAY,
  disableAfter: 5 * DAY,
};

/** Failures in a row before a cool-down. */
export const COOL_DOWN_FAILURES = 20;
/** The longest time to the first probe that a project may set, in seconds. In milliseconds it has to fit an integer twice. */
export const MAX_PROBE_EVERY = DAY;
/** The longest time between two probes, unless the first one comes even later. */
export const MAX_PROBE_INTERVAL_MS = 5 * MINUTE * 1000;

/**
 * The first and the last failure have to be at least this part of a rule's time apart: 12 hours of 5 days. A single failure
 * that nothing followed is no reason to warn anyone.
 */
export const LEAST_SPAN = 0.1;

/** The distance between two requests after the first 429 without Retry-After. It doubles with each further one. */
export const FIRST_SPACING_MS = 1_000;
export const MAX_SPACING_MS = 60_000;
/** A distance that no response has changed for so long is forgotten: nothing was sent meanwhile. */
export const FORGET_SPACING_AFTER_MS = 60 * MAX_SPACING_MS;
/** For a target, which is not listed anywhere: so long after its last failure, it is forgotten that it has failed. */
export const FORGET_TARGET_AFTER_MS = HOUR * 1000;
