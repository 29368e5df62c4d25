/** Work in steps. Each step is committed, so the work can stop after any of them. */
export type IncrementalWork = AsyncGenerator<void, void>;

export type BackgroundRunner = {
  /**
   * Runs steps for `foregroundMs`, at least one, and resolves; the remaining steps run in the background. Rejects if a
   * step throws before that. New work replaces background work of the same key.
   */
  run(key: string, steps: IncrementalWork): Promise<void>;
  /** Waits for the running step and starts no other. */
  close(): Promise<void>;
};

/** Continues long work in the background, where a failure ends it and is passed to `onFailure`. */
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

  /** The work of each key takes turns, so a million rows of one do not delay the others. */
  async function work(): Promise<void> {
    while (open.size > 0 && !closed) {
      for (const [key, steps] of open) {
        const isDone = await isDoneAfterNext(steps);
        if (isDone && open.get(key) === steps) open.delete(key);
        if (closed) break;
      }
    }
    working = null;
  }

  async function isDoneAfterNext(steps: IncrementalWork): Promise<boolean> {
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
