import { setTimeout as sleep } from 'node:timers/promises';

const AGAIN_AFTER_MS = 250;

/**
 * Runs `work` until it succeeds, or answers null at `giveUpAt` (performance.now()), even while it hangs: a throw
 * would end the activity and leave the attempts beside it unobserved, to be sent a second time.
 */
export async function retryUntil<T>(
  work: () => Promise<T>,
  giveUpAt: number,
  onFailure: (error: unknown) => void,
): Promise<T | null> {
  const ended = new AbortController();
  const timeUp = sleep(Math.max(0, giveUpAt - performance.now()), null, { signal: ended.signal });
  let told = false;
  const success = async (): Promise<T | null> => {
    while (!ended.signal.aborted) {
      try {
        return await work();
      } catch (error) {
        if (!told) onFailure(error);
        told = true;
        await sleep(AGAIN_AFTER_MS);
      }
    }
    return null;
  };
  try {
    return await Promise.race([success(), timeUp]);
  } finally {
    ended.abort();
    await timeUp.catch(() => {});
  }
}
