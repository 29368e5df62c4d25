import type pg from 'pg';
import type { Waiters } from '../api/ports.ts';
import { keyOf } from '../store/accept-events.ts';
import type { Notifications } from '../store/notifications.ts';
import { settledAmong } from '../store/outcomes.ts';

/** A lost wake-up costs at most this. */
const LOOK_EVERY_MS = 1_000;

type Waiting = { projectId: string; id: string; settle: () => void };

/** Lets requests wait until an event has settled: one query for all that wait, at each wake-up. */
export function createWaiters({
  pool,
  notifications,
  onFailure,
}: {
  pool: pg.Pool;
  notifications: Notifications;
  onFailure: (error: unknown) => void;
}): Waiters & { close(): void } {
  const waiting = new Set<Waiting>();
  let looking = false;
  let lookAgain = false;

  async function look(): Promise<void> {
    if (waiting.size === 0) return;
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    try {
      const asked = [...waiting];
      const settled = new Set(await settledAmong(pool, asked));
      for (const one of asked) if (settled.has(keyOf(one.projectId, one.id))) one.settle();
    } catch (error) {
      onFailure(error);
    } finally {
      looking = false;
      if (lookAgain) {
        lookAgain = false;
        void look();
      }
    }
  }

  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  const stopListening = notifications.listen('posthorn_outcomes', () => void look());

  return {
    untilSettled: (projectId, id, timeoutMs, signal) =>
      new Promise((resolve) => {
        const end = (settled: boolean) => {
          waiting.delete(one);
          clearTimeout(timeout);
          signal.removeEventListener('abort', abort);
          resolve(settled);
        };
        const abort = () => end(false);
        const one: Waiting = { projectId, id, settle: () => end(true) };
        const timeout = setTimeout(() => end(false), timeoutMs);
        signal.addEventListener('abort', abort);
        waiting.add(one);
        void look();
      }),
    close() {
      clearInterval(timer);
      stopListening();
      for (const one of waiting) one.settle();
    },
  };
}
