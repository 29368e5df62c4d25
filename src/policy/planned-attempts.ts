import type { RetryPolicy } from './retry-policy.ts';

/** An attempt that is made if all earlier ones fail. `at`: milliseconds since the epoch. */
export type PlannedAttempt = { step: number; at: number };

/**
 * The attempts that are left, if the one at `step` is due at `dueAt`. The others are the earliest times: the duration of
 * attempts, jitter and what a receiver asks for come on top.
 */
export function plannedAttempts({ delays }: RetryPolicy, step: number, dueAt: number): PlannedAttempt[] {
  const planned: PlannedAttempt[] = [{ step, at: dueAt }];
  let at = dueAt;
  for (const [index, delay] of delays.entries()) {
    if (index < step) continue;
    at += delay * 1000;
    planned.push({ step: index + 1, at });
  }
  return planned;
}
