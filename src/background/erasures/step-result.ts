import type { Erasure } from '../../store/erasures/erasures.ts';

/** What a step of a job came to; `waiting`: there is nothing to do for `ms` milliseconds. */
export type StepResult =
  | { kind: 'progress' }
  | { kind: 'waiting'; ms: number; waitingFor: Erasure['waitingFor'] }
  | { kind: 'completed' };
