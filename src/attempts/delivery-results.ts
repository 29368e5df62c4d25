import type { Standing } from '../policy/delivery-result.ts';
import type { Moved } from '../store/deliveries/settlement.ts';

const AGAIN_AFTER_MS = 1_000;

/** After an attempt that moved its delivery; `dueInMs` counts if it is to be tried again. */
export function standingAfter({ id, status, step }: Moved, dueInMs: number, after: string): Standing {
  if (status === 'delivered' || status === 'undeliverable' || status === 'cancelled') {
    return { id, kind: status, after };
  }
  return { id, kind: 'waiting', step, dueInMs, after };
}

/** Postgres could not be asked: the workflow claims it anew, which tells where it stands. */
export const comeAgain = (id: string, step: number): Standing => ({
  id,
  kind: 'waiting',
  step,
  dueInMs: AGAIN_AFTER_MS,
  after: 'an error of ours',
});

/** Less the age in whole seconds: timers read 60 s and 300 s, and never fire before the delay is over. */
export function aged(standing: Standing, endedAt: number): Standing {
  if (standing.kind !== 'waiting') return standing;
  const age = Math.floor((performance.now() - endedAt) / 1000) * 1000;
  return { ...standing, dueInMs: Math.max(0, standing.dueInMs - age) };
}

/** `503`, or `timeout`: what happened, as histories and timers say it. */
export const inWords = (outcome: string, statusCode: number | null): string =>
  outcome === 'rejected' && statusCode !== null ? `${statusCode}` : outcome;
