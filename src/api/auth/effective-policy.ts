import { parseDuration } from '../../policy/duration.ts';
import type { PolicyOverride, RetryPolicy } from '../../policy/retry-policy.ts';

/** The profile's policy with what the project overrides; the override was checked when it was set. */
export function effectivePolicy(ofProfile: RetryPolicy, override: PolicyOverride | null): RetryPolicy {
  return {
    delays: override?.delays?.map(seconds) ?? ofProfile.delays,
    timeout: override?.timeout === undefined ? ofProfile.timeout : seconds(override.timeout),
    jitter: override?.jitter ?? ofProfile.jitter,
  };
}

function seconds(duration: string): number {
  const parsed = parseDuration(duration);
  if (parsed === undefined) throw new Error('a stored policy override holds no duration');
  return parsed;
}
