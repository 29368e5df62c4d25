import type pg from 'pg';
import { wakeScheduled } from '../../store/deliveries/assignments/wake-scheduled.ts';

/** How late a retry that waits in Postgres may be woken. */
export const WAKE_INTERVAL_MS = 1_000;

/** Returns a function that looks for retries whose date has come. `onWoken`: they wait for an assignment now. */
export function createScheduledQueue(pool: pg.Pool, onWoken: () => void): () => Promise<void> {
  return async () => {
    let total = 0;
    for (let more = true; more; ) {
      const { woken, mayBeMore } = await wakeScheduled(pool);
      total += woken;
      more = mayBeMore;
    }
    if (total > 0) onWoken();
  };
}
