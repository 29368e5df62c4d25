import { setTimeout as sleep } from 'node:timers/promises';

const REPEAT_DELAY_MS = 250;

/**
 * Runs `work` until it succeeds. Resolves with null at `giveUpAt` (performance.now()), even if `work` hangs. It never
 * throws: that would end the activity, whose other attempts would be abandoned and sent a second time.
 */
export async function repeatUntilSuccess<T>(
  work: () => Promise<T>,
  giveUpAt: number,
  onFailure: (error: unknown) => void,
): Promise<T | null> {
  const ended = new AbortController();
  const timeUp = sleep(Math.max(0, giveUpAt - performance.now()), null, { signal: ended.signal });
  let isReported = false;
  const repeat = async (): Promise<T | null> => {
    while (!ended.signal.aborted) {
      try {
        return await work();
      } catch (error) {
        if (!isReported) onFailure(error);
        isReported = true;
        await sleep(REPEAT_DELAY_MS);
      }
    }
    return null;
  };
  try {
    return await Promise.race([repeat(), timeUp]);
  } finally {
    ended.abort();
    await timeUp.catch(() => {});
  }
}
