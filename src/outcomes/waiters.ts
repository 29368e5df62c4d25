import { setTimeout as sleep } from 'node:timers/promises';
import type { SettlementWaiters } from '../api/ports.ts';
import type { Quotas } from '../policy/quotas.ts';
import { eventKey } from '../store/events/event-key.ts';
import type { Notifications } from '../store/outcomes/notifications.ts';
import { settledEventKeys } from '../store/outcomes/outcomes.ts';
import type { Queryable } from '../store/postgres/database.ts';

/** A lost wake-up costs at most this. */
const LOOK_EVERY_MS = 1_000;
/** Events that one statement asks for. */
const EVENTS_AT_ONCE = 1_000;

type Waiting = { projectId: string; consumer: string | null; id: string; settle: () => void };

export type WaiterDependencies = {
  db: Queryable;
  notifications: Notifications;
  onFailure: (error: unknown) => void;
  quotas: Pick<Quotas, 'waitsOfProject' | 'waitsOfConsumer'>;
};

/** Lets requests wait until an event has settled: one query for all of the projects that there is news of. */
export function createWaiters({
  db,
  notifications,
  onFailure,
  quotas,
}: WaiterDependencies): SettlementWaiters & { close(): void } {
  const byProject = new Map<string, Set<Waiting>>();
  // Whom to ask for: those of a project that there is news of, and those that have just come.
  const due = new Set<Waiting>();
  let looking = false;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      while (due.size > 0) {
        const asked = [...due].slice(0, EVENTS_AT_ONCE);
        for (const one of asked) due.delete(one);
        const startedAt = performance.now();
        const settled = new Set(await settledEventKeys(db, asked));
        for (const one of asked) if (settled.has(eventKey(one.projectId, one.id))) one.settle();
        // A project with constant news and many that wait: half of the time at most is spent on asking.
        if (due.size > 0) await sleep(performance.now() - startedAt);
      }
    } catch (error) {
      onFailure(error);
    } finally {
      looking = false;
    }
  }

  const lookFor = (projectIds: Iterable<string>): void => {
    for (const id of projectIds) for (const one of byProject.get(id) ?? []) due.add(one);
    void look();
  };
  const timer = setInterval(() => lookFor(byProject.keys()), LOOK_EVERY_MS);
  const stopListening = notifications.listen('posthorn_outcomes', lookFor);

  const hasRoom = (projectId: string, consumer: string | null): boolean => {
    const all = byProject.get(projectId);
    if (!all) return true;
    const ofConsumers = [...all].filter((one) => one.consumer !== null);
    if (consumer === null) return all.size - ofConsumers.length < quotas.waitsOfProject;
    const own = ofConsumers.filter((one) => one.consumer === consumer).length;
    return ofConsumers.length < quotas.waitsOfProject && own < quotas.waitsOfConsumer;
  };

  return {
    waitUntilSettled({ projectId, consumer }, id, timeoutMs, signal) {
      if (!hasRoom(projectId, consumer)) return Promise.resolve(false);
      return new Promise((resolve) => {
        const ofProject = byProject.get(projectId) ?? new Set();
        byProject.set(projectId, ofProject);
        const end = (settled: boolean) => {
          ofProject.delete(one);
          due.delete(one);
          if (ofProject.size === 0 && byProject.get(projectId) === ofProject) byProject.delete(projectId);
          clearTimeout(timeout);
          signal.removeEventListener('abort', abort);
          resolve(settled);
        };
        const abort = () => end(false);
        const one: Waiting = { projectId, consumer, id, settle: () => end(true) };
        const timeout = setTimeout(() => end(false), timeoutMs);
        signal.addEventListener('abort', abort);
        ofProject.add(one);
        due.add(one);
        void look();
      });
    },
    close() {
      clearInterval(timer);
      stopListening();
      for (const ofProject of byProject.values()) for (const one of ofProject) one.settle();
    },
  };
}
