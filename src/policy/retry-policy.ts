/** A delivery is attempted at once, and then after each delay, counted from the end of the failed attempt. */
export type RetryPolicy = {
  /** Seconds between the end of one attempt and the start of the next. */
  delays: number[];
  /** Seconds that one attempt may take in total, from the DNS query to the last byte of the response. */
  timeout: number;
  /** 0–1: the largest part of a delay that is added to it at random. A delay is never shortened. */
  jitter: number;
  /** Status codes (`400`, `4xx`) after which the delivery is not attempted again. Omitted if there are none. */
  finalStatuses?: string[];
};

/**
 * How long before its due time a delivery may be claimed. Timers run by the clock of Temporal's server: if it is ahead of
 * Postgres's clock, a timer fires before the delivery is due in Postgres.
 */
export const CLAIM_TOLERANCE_MS = 5_000;

/**
 * How much longer than the policy's timeout the activity of an attempt may run: 1 s for a claimed delivery to get a
 * connection, and 14 s to claim and record.
 */
export const ATTEMPT_OVERHEAD_MS = 15_000;

export const maxAttempts = (policy: RetryPolicy): number => policy.delays.length + 1;

/** Milliseconds to wait after the failed attempt at `step`, or null after the last. `random` is in [0, 1). */
export function retryDelayMs(policy: RetryPolicy, step: number, random: () => number): number | null {
  const delay = policy.delays[step];
  if (delay === undefined) return null;
  return Math.round(delay * 1000 * (1 + policy.jitter * random()));
}

/**
 * What is left of a delay after `elapsedMs`. Only whole seconds are subtracted, so that timers show 60 s and 300 s and
 * never fire before the delay is over.
 */
export const remainingDelayMs = (delayMs: number, elapsedMs: number): number =>
  Math.max(0, delayMs - Math.floor(elapsedMs / 1000) * 1000);

/** Whether a response with this status code ends the delivery, although attempts are left. */
export const isFinalResponse = ({ finalStatuses = [] }: RetryPolicy, statusCode: number): boolean =>
  finalStatuses.includes(`${statusCode}`) || finalStatuses.includes(`${Math.floor(statusCode / 100)}xx`);

/** The policy as canonical text. Equal policies have equal texts, so SQL can group deliveries by policy. */
export function serializePolicy({ delays, timeout, jitter, finalStatuses = [] }: RetryPolicy): string {
  const final = [...new Set(finalStatuses)].sort();
  return JSON.stringify({ delays, timeout, jitter, ...(final.length > 0 && { finalStatuses: final }) });
}

/** The policies that were parsed last, by text: every attempt needs its policy, and there are few different ones. */
const parsed = new Map<string, RetryPolicy>();
const MAX_PARSED = 100;

/**
 * Parses what `serializePolicy` wrote. Nothing is checked: the text comes from our own table. The result is frozen,
 * because callers share it.
 */
export function deserializePolicy(text: string): RetryPolicy {
  const known = parsed.get(text);
  if (known) return known;
  const policy = JSON.parse(text) as RetryPolicy;
  Object.freeze(policy.delays);
  Object.freeze(policy.finalStatuses);
  if (parsed.size >= MAX_PARSED) parsed.delete(parsed.keys().next().value!);
  parsed.set(text, Object.freeze(policy));
  return policy;
}

/** If true, each delivery needs an activity of its own: in a shared one, a slow receiver would make the others' retries late. */
export const hasDelayShorterThanTimeout = (policy: RetryPolicy): boolean =>
  policy.delays.some((delay) => delay < policy.timeout);
