import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { sweepDeletedEndpoints } from '../../../src/background/endpoint-sweep.ts';
import { createReconciler, type ReconcilerTimes } from '../../../src/background/reconciler/reconciler.ts';
import type { WorkflowState } from '../../../src/temporal/gateway.ts';
import { acceptEvents } from '../../store/accept-events.ts';
import { SECRET, type SeededStore, secretBox } from '../../store/seed.ts';

/** Times that let a test take milliseconds. */
export const QUICK: ReconcilerTimes = {
  renewIntervalMs: 20,
  leaseDurationMs: 1_000,
  passIntervalMs: 20,
  silentCheckIntervalMs: 20,
  overdueAfterMs: 100,
  startupOverdueAfterMs: 100,
  startupMs: 60_000,
  recheckAfterMs: 100,
  terminateWedgedAfterMs: 300,
  drainIntervalMs: 20,
  terminateDrainedAfterMs: 100,
  sweepIntervalMs: 200,
  startupSweepIntervalMs: 200,
  stuckAfterMs: 500,
  stepDownMs: 200,
};

export type FakeTemporal = {
  states: Map<string, WorkflowState>;
  describes: string[];
  signals: { workflowId: string; ids: string[] }[];
  terminated: string[];
  refuses: Set<string>;
  delayMs: number;
  failures: Map<string, string>;
  isDown: boolean;
};
export const fakeTemporal = (): FakeTemporal => ({
  states: new Map(),
  describes: [],
  signals: [],
  terminated: [],
  refuses: new Set(),
  delayMs: 0,
  failures: new Map(),
  isDown: false,
});

export type TestReconciler = {
  actions: string[];
  failures: unknown[];
  /** How often `onReleased` was called. */
  released: number;
  cancelled: string[];
  failed: string[];
  leading: string[];
  start(
    temporal: FakeTemporal,
    times?: ReconcilerTimes,
    process?: { processId?: string; pool?: pg.Pool },
  ): { close(): Promise<void> };
  /** Closes all that were started. */
  close(): Promise<void>;
};

/** Starts reconcilers on a real Postgres with a fake Temporal, and records what they report. */
export function createTestReconciler(store: SeededStore): TestReconciler {
  const running: { close(): Promise<void> }[] = [];
  const recorded: TestReconciler = {
    actions: [],
    failures: [],
    released: 0,
    cancelled: [],
    failed: [],
    leading: [],
    start(temporal, times = QUICK, { processId = 'prc_1', pool = store.pool } = {}) {
      const sweep = {
        pool: store.pool,
        onCancelled: ({ owner, ids }: { owner: string; ids: string[] }) =>
          recorded.cancelled.push(`${owner} ${ids.length}`),
        onOutcomes: () => {},
      };
      const reconciler = createReconciler({
        pool,
        leaseDb: pool,
        processId,
        temporal: () =>
          temporal.isDown
            ? null
            : {
                stateOf: async (id) => {
                  temporal.describes.push(id);
                  if (temporal.delayMs) await sleep(temporal.delayMs);
                  return temporal.states.get(id) ?? 'closed';
                },
                failureOf: async (id) => temporal.failures.get(id)!,
                retryNow: async (workflowId, ids) => {
                  if (temporal.refuses.has(workflowId)) throw new Error('no');
                  temporal.signals.push({ workflowId, ids });
                },
                terminate: async (id) => {
                  if (temporal.refuses.has(id)) throw new Error('no');
                  temporal.terminated.push(id);
                  temporal.states.set(id, 'closed');
                },
                workflowsOfDrainingBuilds: async () => [],
                release: async () => {},
              },
        sweepEndpoints: (ageMs) => sweepDeletedEndpoints(sweep, ageMs),
        onReleased: () => recorded.released++,
        onDrained: () => {},
        onAction: (action, workflowId, deliveries) =>
          recorded.actions.push(`${action} ${workflowId} ${deliveries}`),
        onWorkflowFailed: (workflowId, failure, deliveries) =>
          recorded.failed.push(`${workflowId} ${failure} ${deliveries}`),
        onLeadershipChange: (leads) =>
          recorded.leading.push(`${processId} ${leads ? 'leads' : 'does not lead'}`),
        onFailure: (error) => recorded.failures.push(error),
        times,
      });
      running.push(reconciler);
      return reconciler;
    },
    async close() {
      for (const reconciler of running.splice(0)) await reconciler.close();
    },
  };
  return recorded;
}

/** Makes deliveries of a workflow that have been due for `dueForSeconds`. Returns their ids in order. */
export async function overdue(
  store: SeededStore,
  owner: string,
  count = 1,
  dueForSeconds = 30,
): Promise<string[]> {
  const target = { url: 'http://127.0.0.1:9/', secret: SECRET };
  const drafts = Array.from({ length: count }, () => store.draft({ target }));
  const { deliveries } = await acceptEvents(store.pool, secretBox, drafts, () => owner);
  const ids = deliveries.map(({ id }) => id).sort();
  await store.pool.query(
    `UPDATE deliveries SET due_at = now() - $2 * interval '1 second' WHERE id = ANY ($1::text[])`,
    [ids, dueForSeconds],
  );
  return ids;
}

export const ownersOf = async (store: SeededStore, ids: string[]): Promise<(string | null)[]> =>
  (
    await store.pool.query('SELECT owner FROM deliveries WHERE id = ANY ($1::text[]) ORDER BY id', [ids])
  ).rows.map(({ owner }) => owner);
