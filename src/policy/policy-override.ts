import { parseDuration } from './duration.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** Delays that have a name. */
export const SCHEDULES = {
  default: ['1m', '5m', '30m', '2h'],
  'three-days': ['5s', '5m', '30m', '2h', '5h', '10h', '14h', '20h', '24h'],
} as const;

export const SCHEDULE_NAMES = ['default', 'three-days'] as const satisfies (keyof typeof SCHEDULES)[];

/** The members of a retry policy that a project or an endpoint sets. `schedule` names delays; never set with `delays`. */
export type PolicyOverride = {
  schedule?: keyof typeof SCHEDULES | undefined;
  delays?: string[] | undefined;
  timeout?: string | undefined;
  jitter?: number | undefined;
  finalStatuses?: string[] | undefined;
};

/** The override as canonical text: equal overrides have equal texts. Null if it sets nothing. */
export function serializeOverride(override: PolicyOverride | null): string | null {
  const { schedule, delays, timeout, jitter, finalStatuses } = override ?? {};
  const final = finalStatuses && [...new Set(finalStatuses)].sort();
  const text = JSON.stringify({ schedule, delays, timeout, jitter, finalStatuses: final });
  return text === '{}' ? null : text;
}

export type PolicySource = 'endpoint' | 'project' | 'profile';

/** The first that sets a member decides about it. The overrides were validated when they were stored. */
export type PolicyLayers = { endpoint: PolicyOverride | null; project: PolicyOverride | null };

/** The retry policy in force, in seconds. */
export function effectivePolicy(profile: RetryPolicy, { endpoint, project }: PolicyLayers): RetryPolicy {
  const delays = delaysOf(endpoint) ?? delaysOf(project);
  const timeout = endpoint?.timeout ?? project?.timeout;
  const finalStatuses = endpoint?.finalStatuses ?? project?.finalStatuses ?? profile.finalStatuses;
  return {
    delays: delays?.map(seconds) ?? profile.delays,
    timeout: timeout === undefined ? profile.timeout : seconds(timeout),
    jitter: endpoint?.jitter ?? project?.jitter ?? profile.jitter,
    ...(finalStatuses && { finalStatuses }),
  };
}

/** Where each member of the policy in force comes from. */
export function policySources(layers: PolicyLayers): Record<keyof Required<RetryPolicy>, PolicySource> {
  const sourceOf = (isSet: (override: PolicyOverride) => boolean): PolicySource =>
    layers.endpoint && isSet(layers.endpoint)
      ? 'endpoint'
      : layers.project && isSet(layers.project)
        ? 'project'
        : 'profile';
  return {
    delays: sourceOf((override) => delaysOf(override) !== undefined),
    timeout: sourceOf(({ timeout }) => timeout !== undefined),
    jitter: sourceOf(({ jitter }) => jitter !== undefined),
    finalStatuses: sourceOf(({ finalStatuses }) => finalStatuses !== undefined),
  };
}

const delaysOf = (override: PolicyOverride | null): readonly string[] | undefined =>
  override?.delays ?? (override?.schedule && SCHEDULES[override.schedule]);

function seconds(duration: string): number {
  const parsed = parseDuration(duration);
  if (parsed === undefined) throw new Error('a stored policy override has an invalid duration');
  return parsed;
}
