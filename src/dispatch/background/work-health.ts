/** Tracks whether passes succeed and make progress. A process that cannot work leaves the lead to another. */
export type WorkHealth = {
  canWork(): boolean;
  /** Runs one pass. Counts and rethrows its failure. */
  run(pass: () => Promise<void>): Promise<void>;
  /** A long pass calls this after each step. */
  recordProgress(): void;
};

export type WorkLimits = { maxFailures: number; stuckAfterMs: number; stepDownMs: number };

/**
 * `canWork` is false for `stepDownMs` after `maxFailures` consecutive failures, and while a pass makes no progress for
 * `stuckAfterMs` and for `stepDownMs` after that.
 */
export function createWorkHealth({ maxFailures, stuckAfterMs, stepDownMs }: WorkLimits): WorkHealth {
  let failed = 0;
  /** The time of performance.now() at which the running pass last made progress; null if none runs. */
  let progressAt: number | null = null;
  let steppedDownUntil = 0;

  const stepDown = (): void => {
    steppedDownUntil = performance.now() + stepDownMs;
  };

  return {
    canWork() {
      const now = performance.now();
      if (progressAt !== null && now - progressAt > stuckAfterMs) stepDown();
      return now >= steppedDownUntil;
    },
    async run(pass) {
      progressAt = performance.now();
      try {
        await pass();
        failed = 0;
      } catch (error) {
        failed += 1;
        if (failed >= maxFailures) {
          failed = 0;
          stepDown();
        }
        throw error;
      } finally {
        progressAt = null;
      }
    },
    recordProgress() {
      if (progressAt !== null) progressAt = performance.now();
    },
  };
}
