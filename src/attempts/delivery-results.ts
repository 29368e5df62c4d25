import type { DeliveryResult } from '../policy/delivery-result.ts';
import { isFinalStatus } from '../policy/outcome.ts';
import type { Transition } from '../store/deliveries/transitions.ts';

const AGAIN_AFTER_MS = 1_000;

/** After an attempt that moved its delivery; `dueInMs` counts if it is to be tried again. */
export function resultAfter(
  { id, status, step }: Transition,
  dueInMs: number,
  lastOutcome: string,
): DeliveryResult {
  if (isFinalStatus(status)) return { id, kind: status, lastOutcome };
  return { id, kind: 'waiting', step, dueInMs, lastOutcome };
}

/** Postgres could not be asked: the workflow claims it anew, which tells where it stands. */
export const retrySoon = (id: string, step: number): DeliveryResult => ({
  id,
  kind: 'waiting',
  step,
  dueInMs: AGAIN_AFTER_MS,
  lastOutcome: 'internal error',
});

/** Less the age in whole seconds: timers read 60 s and 300 s, and never fire before the delay is over. */
export function minusElapsed(standing: DeliveryResult, endedAt: number): DeliveryResult {
  if (standing.kind !== 'waiting') return standing;
  const age = Math.floor((performance.now() - endedAt) / 1000) * 1000;
  return { ...standing, dueInMs: Math.max(0, standing.dueInMs - age) };
}
