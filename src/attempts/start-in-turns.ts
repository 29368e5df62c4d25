import { setImmediate as nextTick } from 'node:timers/promises';
import type { Claim } from '../store/deliveries/claims/claim-deliveries.ts';

/** Signing takes about 1 ms per megabyte. After this many bytes, other work on the main thread gets a turn. */
const MAX_BYTES_PER_TICK = 2 * 1024 * 1024;

/** Starts an attempt for each claimed delivery, in order. */
export async function startInTurns<T extends { claim: Pick<Claim, 'body'> }>(
  claimed: T[],
  start: (one: T) => void,
): Promise<void> {
  let bytesInTick = 0;
  for (const one of claimed) {
    start(one);
    bytesInTick += one.claim.body.length;
    if (bytesInTick < MAX_BYTES_PER_TICK) continue;
    await nextTick();
    bytesInTick = 0;
  }
}
