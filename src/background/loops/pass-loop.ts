import { type Loop, startLoop } from './loop.ts';

/** A pass that is repeated. A process that cannot work leaves the lead to another. */
export type PassLoop = Loop & {
  /**
   * False for `stepDownMs` after three consecutive failures, and while a pass makes no progress for `stuckAfterMs` and for
   * `stepDownMs` after that.
   */
  canWork(): boolean;
};

/** A long pass calls `recordProgress` after each step. */
export type Pass = (recordProgress: () => void) => Promise<void>;

export type PassLoopOptions = {
  mayRun: () => boolean;
  onFailure: (error: unknown) => void;
  times: { stuckAfterMs: number; stepDownMs: number };
};

const MAX_FAILED_PASSES = 3;
const RETRY_DELAY_MS = 1_000;

/** Runs a pass `everyMs` after the end of the last one, or 1 s after one that failed. */
export function startPassLoop(pass: Pass, everyMs: number, options: PassLoopOptions): PassLoop {
  const { mayRun, onFailure, times } = options;
  let nextAt = 0;
  let failed = 0;
  /** The time of performance.now() at which the running pass last made progress; null if none runs. */
  let progressAt: number | null = null;
  let steppedDownUntil = 0;

  const recordProgress = (): void => {
    progressAt = performance.now();
  };
  const stepDown = (): void => {
    steppedDownUntil = performance.now() + times.stepDownMs;
  };

  function canWork(): boolean {
    const now = performance.now();
    if (progressAt !== null && now - progressAt > times.stuckAfterMs) stepDown();
    return now >= steppedDownUntil;
  }

  async function passIfDue(): Promise<void> {
    // A process that has stepped down keeps its lease until the next renewal, but begins no further pass.
    if (!mayRun() || !canWork() || performance.now() < nextAt) return;
    recordProgress();
    try {
      await pass(recordProgress);
      nextAt = performance.now() + everyMs;
      failed = 0;
    } catch (error) {
      failed = (failed + 1) % MAX_FAILED_PASSES;
      if (failed === 0) stepDown();
      throw error;
    } finally {
      progressAt = null;
    }
  }

  return { canWork, ...startLoop(passIfDue, Math.min(RETRY_DELAY_MS, everyMs), onFailure) };
}
