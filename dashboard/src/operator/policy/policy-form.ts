import type { PolicyOverride, Profile } from '../../../../sdk/typescript/src/models.ts';
import { SCHEDULES } from '../../delivery/retry-steps.ts';

/** What the form of a retry policy holds: texts as they were written. Empty ones are those of the policy below. */
export type PolicyForm = {
  schedule: 'below' | 'default' | 'three-days' | 'own';
  delays: string;
  timeout: string;
  jitter: string;
  finalStatuses: string;
};

export function formOf(policy: PolicyOverride | null): PolicyForm {
  const { schedule, delays, timeout, jitter, finalStatuses } = policy ?? {};
  return {
    schedule: delays ? 'own' : (schedule ?? 'below'),
    delays: (delays ?? (schedule ? SCHEDULES[schedule] : SCHEDULES.default)).join(', '),
    timeout: timeout ?? '',
    jitter: jitter === undefined ? '' : String(Math.round(jitter * 1_000) / 10),
    finalStatuses: finalStatuses?.join(', ') ?? '',
  };
}

const wordsIn = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '');

/** A whole policy: that of a profile, or what a project makes of it. */
export type Policy = Profile['policy'] & { timeout: string };

export const policyOf = ({ policy, timeout }: Pick<Profile, 'policy' | 'timeout'>): Policy => ({
  ...policy,
  timeout,
});

/** What the members of a project's policy make of the profile's. */
export function policyOver(override: PolicyOverride | null, below: Policy): Policy {
  const { schedule, delays, timeout, jitter, finalStatuses } = override ?? {};
  const final = finalStatuses ?? below.finalStatuses;
  return {
    delays: delays ?? (schedule ? SCHEDULES[schedule] : below.delays),
    timeout: timeout ?? below.timeout,
    jitter: jitter ?? below.jitter,
    ...(final && { finalStatuses: final }),
  };
}

/** The delays that the form means. */
export function delaysOf({ schedule, delays }: PolicyForm, below: Policy): string[] {
  if (schedule === 'below') return below.delays;
  return schedule === 'own' ? wordsIn(delays) : SCHEDULES[schedule];
}

/** null: all as in the policy below. */
export function overrideOf(form: PolicyForm): PolicyOverride | null {
  const { schedule, timeout, jitter, finalStatuses } = form;
  const override: PolicyOverride = {
    ...(schedule === 'own' && { delays: wordsIn(form.delays) }),
    ...((schedule === 'default' || schedule === 'three-days') && { schedule }),
    ...(timeout.trim() !== '' && { timeout: timeout.trim() }),
    ...(jitter.trim() !== '' && { jitter: Number(jitter) / 100 }),
    ...(finalStatuses.trim() !== '' && { finalStatuses: wordsIn(finalStatuses) }),
  };
  return Object.keys(override).length === 0 ? null : override;
}
