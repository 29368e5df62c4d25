import type pg from 'pg';
import { removeOldHealth, removeOutcomes, removeSettledEvents } from '../store/retention.ts';

const EVERY_MS = 60_000;

/** Removes what is older than `ageMs` in small batches, one after the other, once a minute. */
export function createRetention({
  pool,
  ageMs,
  onFailure,
}: {
  pool: pg.Pool;
  ageMs: number;
  onFailure: (error: unknown) => void;
}): { close(): Promise<void> } {
  let closed = false;
  let running: Promise<void> = Promise.resolve();

  async function sweep(): Promise<void> {
    const before = new Date(Date.now() - ageMs);
    for (const remove of [removeSettledEvents, removeOutcomes, removeOldHealth]) {
      while (!closed && (await remove(pool, before)) > 0);
    }
  }

  const timer = setInterval(() => {
    running = running.then(sweep).catch(onFailure);
  }, EVERY_MS);

  return {
    async close() {
      closed = true;
      clearInterval(timer);
      await running;
    },
  };
}
