import { setTimeout as sleep } from 'node:timers/promises';
import { nowMicros } from '../clock.ts';
import type { Remote } from '../processes/remote.ts';
import type { Arrived, ReceiverCommands } from './receiver.ts';

const LOOK_EVERY_MS = 20;

/** Waits until `count` different deliveries have arrived, or no new one has for `patienceMs`. */
export async function untilArrived(
  receiver: Remote<ReceiverCommands>,
  count: number,
  patienceMs = 30_000,
): Promise<Arrived> {
  const startedAt = nowMicros();
  for (;;) {
    const now = await receiver.ask('count');
    const quietMs = (nowMicros() - Math.max(now.lastNewAt, startedAt)) / 1_000;
    if (now.arrived >= count || quietMs > patienceMs) return now;
    await sleep(LOOK_EVERY_MS);
  }
}
