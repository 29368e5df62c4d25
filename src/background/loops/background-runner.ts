import pLimit from 'p-limit';
import { PendingWork } from '../../limits/pending-work.ts';

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
  const newest = new Map<string, IncrementalWork>();
  const background = new PendingWork();
  /** Steps queue one behind another, so a million rows of one key do not delay the others. */
  const inTurn = pLimit(1);
  let closed = false;

  async function runToEnd(key: string, steps: IncrementalWork): Promise<void> {
    const isDoneAfterNext = async () =>
      closed || newest.get(key) !== steps || (await steps.next()).done === true;
    try {
      while (!(await inTurn(isDoneAfterNext)));
    } catch (error) {
      onFailure(error);
    }
    if (newest.get(key) === steps) newest.delete(key);
  }

  return {
    async run(key, steps) {
      const until = performance.now() + foregroundMs;
      do {
        if ((await steps.next()).done) return;
      } while (performance.now() < until);
      newest.set(key, steps);
      background.add(runToEnd(key, steps));
    },
    async close() {
      closed = true;
      await background.whenIdle();
    },
  };
}
