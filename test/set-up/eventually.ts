import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until `condition` holds; throws when it does not within `timeoutMs`. `everyMs` is the pause between two looks: longer
 * for what a server has to work for.
 */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
  everyMs = 20,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await sleep(everyMs);
  }
}
