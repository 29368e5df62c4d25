/** When a delivery is attempted: at once, then after each delay, counted from the end of the failed attempt. */
export type RetryPolicy = {
  /** Seconds between the end of one attempt and the start of the next. */
  delays: number[];
  /** Seconds that one attempt may take in all, from DNS to the last byte of the answer. */
  timeout: number;
  /** 0–1: at most this share of a delay is added to it, never taken off. */
  jitter: number;
};

export type PolicyOverride = { delays?: string[]; timeout?: string; jitter?: number };

export const maxAttempts = (policy: RetryPolicy): number => policy.delays.length + 1;

/** Milliseconds to wait after the failed attempt at `step`, or null after the last. `random` is in [0, 1). */
export function retryDelayMs(policy: RetryPolicy, step: number, random: () => number): number | null {
  const delay = policy.delays[step];
  if (delay === undefined) return null;
  return Math.round(delay * 1000 * (1 + policy.jitter * random()));
}

/** The policy as one canonical text: equal texts are equal policies, so that groups can be formed in SQL. */
export const serializePolicy = ({ delays, timeout, jitter }: RetryPolicy): string =>
  JSON.stringify({ delays, timeout, jitter });

/** Reads what policyText wrote; the text comes from our own table. */
export const deserializePolicy = (text: string): RetryPolicy => JSON.parse(text) as RetryPolicy;

/** A short delay needs an activity for each delivery: in a shared one a slow neighbour would make its retry late. */
export const hasDelayShorterThanTimeout = (policy: RetryPolicy): boolean =>
  policy.delays.some((delay) => delay < policy.timeout);
