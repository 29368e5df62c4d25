import { setTimeout as sleep } from 'node:timers/promises';
import { nowMicros } from './clock.ts';
import type { ReceiverCommands } from './receiver.ts';
import type { Remote } from './remote.ts';

const LOOK_EVERY_MS = 20;

/**
 * Waits until `count` deliveries have arrived, or none has for `patienceMs`; returns how many did, and the
 * microsecond of the last.
 */
export async function untilArrived(
  receiver: Remote<ReceiverCommands>,
  count: number,
  patienceMs = 30_000,
): Promise<{ arrived: number; repeated: number; lastAt: number }> {
  const startedAt = nowMicros();
  for (;;) {
    const now = await receiver.ask('count');
    const quietMs = (nowMicros() - Math.max(now.lastAt, startedAt)) / 1_000;
    if (now.arrived >= count || quietMs > patienceMs) return now;
    await sleep(LOOK_EVERY_MS);
  }
}
