import { setTimeout as sleep } from 'node:timers/promises';

/** Runs `work`, and calls `look` every `ms` until it has ended. What `look` throws is ignored. */
export async function whileRunning<T>(
  work: () => Promise<T>,
  ms: number,
  look: () => Promise<void>,
): Promise<T> {
  const ended = new AbortController();
  const looking = repeat(ms, look, ended.signal);
  try {
    return await work();
  } finally {
    ended.abort();
    await looking;
  }
}

async function repeat(ms: number, look: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(ms, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    await look().catch(() => {});
  }
}
