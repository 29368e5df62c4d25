/** Work of which each step is done for good, so that it may stop after any of them. */
export type IncrementalWork = AsyncGenerator<void, void>;

export type BackgroundRunner = {
  /**
   * Resolves when all steps are done, or after those of the first `foregroundMs`, at least one; the others follow then.
   * Rejects with what a step throws until then. Work that is begun under the key of older work takes its place.
   */
  run(key: string, steps: IncrementalWork): Promise<void>;
  /** Waits for the step that is under way; no other is begun. */
  close(): Promise<void>;
};

/** Goes on behind the caller with work that takes long; `onFailure` hears of what ends one there. */
export function createBackgroundRunner({
  foregroundMs,
  onFailure,
}: {
  foregroundMs: number;
  onFailure: (error: unknown) => void;
}): BackgroundRunner {
  const open = new Map<string, IncrementalWork>();
  let working: Promise<void> | null = null;
  let closed = false;

  /** A step of each in turn: a million rows of one hold up nobody else's. */
  async function work(): Promise<void> {
    while (open.size > 0 && !closed) {
      for (const [key, steps] of open) {
        const isOver = await isOverAfterNext(steps);
        if (isOver && open.get(key) === steps) open.delete(key);
        if (closed) break;
      }
    }
    working = null;
  }

  async function isOverAfterNext(steps: IncrementalWork): Promise<boolean> {
    try {
      return (await steps.next()).done === true;
    } catch (error) {
      onFailure(error);
      return true;
    }
  }

  return {
    async run(key, steps) {
      const until = performance.now() + foregroundMs;
      do {
        if ((await steps.next()).done) return;
      } while (performance.now() < until);
      open.set(key, steps);
      working ??= work();
    },
    async close() {
      closed = true;
      await working;
    },
  };
}
