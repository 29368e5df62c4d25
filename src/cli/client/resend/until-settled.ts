import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveryDetails } from '../../../../sdk/typescript/src/models.ts';
import type { ClientContext } from '../client-command.ts';
import { isSettled } from '../events/event-details.ts';

const POLL_MS = 500;

/** The deliveries as they are once all have settled, or after the time. */
export async function untilSettled(
  { client, output, interrupted }: ClientContext,
  deliveries: DeliveryDetails[],
  timeoutMs: number,
): Promise<DeliveryDetails[]> {
  const end = performance.now() + timeoutMs;
  const latest = [...deliveries];
  for (;;) {
    for (const [index, delivery] of latest.entries())
      if (!isSettled(delivery)) latest[index] = await client.deliveries.get(delivery.id);
    const open = latest.filter((delivery) => !isSettled(delivery)).length;
    if (open === 0 || performance.now() > end) return latest;
    output.status([`waiting for ${open} of ${latest.length} …`]);
    await sleep(POLL_MS, undefined, { signal: interrupted });
  }
}
