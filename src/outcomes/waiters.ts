import { setTimeout as sleep } from 'node:timers/promises';
import type { SettlementWaiters } from '../api/ports.ts';
import type { Quotas } from '../policy/quotas.ts';
import { eventKey } from '../store/events/event-key.ts';
import type { Notifications } from '../store/outcomes/notifications.ts';
import { settledEventKeys } from '../store/outcomes/outcomes.ts';
import type { Queryable } from '../store/postgres/database.ts';

/** Upper bound of the delay if a notification is lost. */
const POLL_INTERVAL_MS = 1_000;
/** Events checked by one statement. */
const EVENTS_PER_QUERY = 1_000;

type Waiting = { projectId: string; consumer: string | null; id: string; settle: () => void };

export type WaiterDependencies = {
  db: Queryable;
  notifications: Notifications;
  onFailure: (error: unknown) => void;
  quotas: Pick<Quotas, 'waitsOfProject' | 'waitsOfConsumer'>;
};

/** Lets requests wait until an event has settled, with one query for all projects that have new outcomes. */
export function createWaiters({
  db,
  notifications,
  onFailure,
  quotas,
}: WaiterDependencies): SettlementWaiters & { close(): void } {
  const byProject = new Map<string, Set<Waiting>>();
  // Events to check: those of projects with new outcomes, and those of new waiters.
  const due = new Set<Waiting>();
  let isPolling = false;

  async function poll(): Promise<void> {
    if (isPolling) return;
    isPolling = true;
    try {
      while (due.size > 0) {
        const requested = [...due].slice(0, EVENTS_PER_QUERY);
        for (const waiter of requested) due.delete(waiter);
        const startedAt = performance.now();
        const settled = new Set(await settledEventKeys(db, requested));
        for (const waiter of requested)
          if (settled.has(eventKey(waiter.projectId, waiter.id))) waiter.settle();
        // A project with constant outcomes and many waiters must not use more than half of the time for these queries.
        if (due.size > 0) await sleep(performance.now() - startedAt);
      }
    } catch (error) {
      onFailure(error);
    } finally {
      isPolling = false;
    }
  }

  const pollProjects = (projectIds: Iterable<string>): void => {
    for (const id of projectIds) for (const waiter of byProject.get(id) ?? []) due.add(waiter);
    void poll();
  };
  const timer = setInterval(() => pollProjects(byProject.keys()), POLL_INTERVAL_MS);
  const stopListening = notifications.listen('posthorn_outcomes', pollProjects);

  const hasCapacity = (projectId: string, consumer: string | null): boolean => {
    const all = byProject.get(projectId);
    if (!all) return true;
    const consumerWaiters = [...all].filter((waiter) => waiter.consumer !== null);
    if (consumer === null) return all.size - consumerWaiters.length < quotas.waitsOfProject;
    const waitersOfConsumer = consumerWaiters.filter((waiter) => waiter.consumer === consumer).length;
    return consumerWaiters.length < quotas.waitsOfProject && waitersOfConsumer < quotas.waitsOfConsumer;
  };

  return {
    waitUntilSettled({ projectId, consumer }, id, timeoutMs, signal) {
      if (!hasCapacity(projectId, consumer)) return Promise.resolve(false);
      return new Promise((resolve) => {
        const projectWaiters = byProject.get(projectId) ?? new Set();
        byProject.set(projectId, projectWaiters);
        const end = (settled: boolean) => {
          projectWaiters.delete(waiter);
          due.delete(waiter);
          if (projectWaiters.size === 0 && byProject.get(projectId) === projectWaiters)
            byProject.delete(projectId);
          clearTimeout(timeout);
          signal.removeEventListener('abort', abort);
          resolve(settled);
        };
        const abort = () => end(false);
        const waiter: Waiting = { projectId, consumer, id, settle: () => end(true) };
        const timeout = setTimeout(() => end(false), timeoutMs);
        signal.addEventListener('abort', abort);
        projectWaiters.add(waiter);
        due.add(waiter);
        void poll();
      });
    },
    close() {
      clearInterval(timer);
      stopListening();
      for (const projectWaiters of byProject.values()) for (const waiter of projectWaiters) waiter.settle();
    },
  };
}
