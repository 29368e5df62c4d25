/** Whether passes of some work succeed and go on. Who cannot work leaves it to another process. */
export type WorkHealth = {
  canWork(): boolean;
  /** Runs one pass; what it throws counts, and is thrown. */
  run(pass: () => Promise<void>): Promise<void>;
  /** A long pass says so with each step that it has done. */
  recordProgress(): void;
};

/** `stuckAfter` and `restFor` in milliseconds. */
export type WorkLimits = { maxFailures: number; stuckAfterMs: number; stepDownMs: number };

/**
 * After `failures` passes that failed in a row, or one without progress for `stuckAfter`, it says for `restFor` that it
 * cannot work, and so do passes that hang for as long as they hang.
 */
export function createWorkHealth({ maxFailures, stuckAfterMs, stepDownMs }: WorkLimits): WorkHealth {
  let failed = 0;
  /** performance.now() of the last sign of life of the pass under way. */
  let progressAt: number | null = null;
  let restsUntil = 0;

  const rest = (): void => {
    restsUntil = performance.now() + stepDownMs;
  };

  return {
    canWork() {
      const now = performance.now();
      if (progressAt !== null && now - progressAt > stuckAfterMs) rest();
      return now >= restsUntil;
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
          rest();
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
