import { parseDuration } from '../../policy/duration.ts';
import type { PolicyOverride, RetryPolicy } from '../../policy/retry-policy.ts';

/** The profile's retry policy with the project's overrides, in seconds. The override was validated when it was stored. */
export function effectivePolicy(profilePolicy: RetryPolicy, override: PolicyOverride | null): RetryPolicy {
  return {
    delays: override?.delays?.map(seconds) ?? profilePolicy.delays,
    timeout: override?.timeout === undefined ? profilePolicy.timeout : seconds(override.timeout),
    jitter: override?.jitter ?? profilePolicy.jitter,
  };
}

function seconds(duration: string): number {
  const parsed = parseDuration(duration);
  if (parsed === undefined) throw new Error('a stored policy override has an invalid duration');
  return parsed;
}
