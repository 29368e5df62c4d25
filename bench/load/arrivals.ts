import { setTimeout as sleep } from 'node:timers/promises';
import { nowMicros } from '../clock.ts';
import type { Remote } from '../processes/remote-process.ts';
import type { ArrivalCounts, ReceiverCommands } from './receiver.ts';

const POLL_INTERVAL_MS = 20;

/** Waits until `count` distinct deliveries have arrived, or none has arrived for `patienceMs`. */
export async function waitForArrivals(
  receiver: Remote<ReceiverCommands>,
  count: number,
  patienceMs = 30_000,
): Promise<ArrivalCounts> {
  const startedAt = nowMicros();
  for (;;) {
    const now = await receiver.call('count');
    const quietMs = (nowMicros() - Math.max(now.lastArrivalAt, startedAt)) / 1_000;
    if (now.arrived >= count || quietMs > patienceMs) return now;
    await sleep(POLL_INTERVAL_MS);
  }
}
