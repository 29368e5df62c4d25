import type pg from 'pg';
import {
  removeOldHealth,
  removeOutcomes,
  removeSettledEvents,
  timeBefore,
} from '../../store/events/retention.ts';

const INTERVAL_MS = 60_000;

/** Once a minute, removes settled events, outcomes and receiver health older than `ageMs`, in small batches. */
export function createRetention({
  pool,
  ageMs,
  onFailure,
  intervalMs = INTERVAL_MS,
}: {
  pool: pg.Pool;
  ageMs: number;
  onFailure: (error: unknown) => void;
  intervalMs?: number;
}): { close(): Promise<void> } {
  let closed = false;
  let running: Promise<void> = Promise.resolve();

  async function sweep(): Promise<void> {
    const before = await timeBefore(pool, ageMs);
    for (const remove of [removeSettledEvents, removeOutcomes, removeOldHealth]) {
      while (!closed && (await remove(pool, before)) > 0);
    }
  }

  const timer = setInterval(() => {
    running = running.then(sweep).catch(onFailure);
  }, intervalMs);

  return {
    async close() {
      closed = true;
      clearInterval(timer);
      await running;
    },
  };
}
