import type { PolicyOverride, Profile } from '../../../../sdk/typescript/src/models.ts';
import { SCHEDULES } from '../../delivery/retry-steps.ts';

/** What the form of a retry policy holds: texts as they were written. Empty ones are the profile's. */
export type PolicyForm = {
  schedule: 'profile' | 'default' | 'three-days' | 'own';
  delays: string;
  timeout: string;
  jitter: string;
  finalStatuses: string;
};

export function formOf(policy: PolicyOverride | null): PolicyForm {
  const { schedule, delays, timeout, jitter, finalStatuses } = policy ?? {};
  return {
    schedule: delays ? 'own' : (schedule ?? 'profile'),
    delays: (delays ?? (schedule ? SCHEDULES[schedule] : SCHEDULES.default)).join(', '),
    timeout: timeout ?? '',
    jitter: jitter === undefined ? '' : String(Math.round(jitter * 1_000) / 10),
    finalStatuses: finalStatuses?.join(', ') ?? '',
  };
}

const wordsIn = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== '');

/** The delays that the form means. */
export function delaysOf({ schedule, delays }: PolicyForm, profile: Pick<Profile, 'policy'>): string[] {
  if (schedule === 'profile') return profile.policy.delays;
  return schedule === 'own' ? wordsIn(delays) : SCHEDULES[schedule];
}

/** null: all as in the profile. */
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
