import { orphanedOwners, overdueOwners } from '../../store/deliveries/reconciliation.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { silentProcesses } from '../../store/processes/processes.ts';
import { createLeadership, type LeaseTimes } from './leadership.ts';
import { createOwnerPoller, type OwnerPollerDependencies } from './owner-poller.ts';
import { createWorkHealth, type WorkHealth, type WorkLimits } from './work-health.ts';

export type ReconcilerDependencies = Pick<
  OwnerPollerDependencies,
  'pool' | 'temporal' | 'onAction' | 'onWorkflowFailed' | 'onFailure'
> & {
  /** A connection for the lease, which must not wait for other statements. */
  leaseDb: Queryable;
  processId: string;
  /** Finishes changes of endpoints that are at least `ageMs` old: deletions, state changes and plan changes. */
  sweepEndpoints: (ageMs: number) => Promise<void>;
  /** Called when deliveries were released and wait for an assignment. */
  onReleased: () => void;
  /** One of all processes reconciles. Called when this process becomes that one, and when it no longer is. */
  onLeadershipChange: (leads: boolean) => void;
  times?: ReconcilerTimes;
};

/** All in milliseconds. */
export type ReconcilerTimes = LeaseTimes & {
  passIntervalMs: number;
  /** The interval between two searches for deliveries of silent processes. */
  silentCheckIntervalMs: number;
  /** How long a delivery must be overdue: longer than an attempt can be late in normal operation. */
  overdueAfterMs: number;
  /** Shorter in the first minute (`startupMs`), because Posthorn may have restarted after a crash. */
  startupOverdueAfterMs: number;
  startupMs: number;
  /** How long after a signal a running workflow is not checked again. */
  recheckAfterMs: number;
  /** A workflow whose task has failed for this long is wedged for good. */
  terminateWedgedAfterMs: number;
  /** The interval between two sweeps of endpoint changes, and the age from which these are finished. */
  sweepIntervalMs: number;
  startupSweepIntervalMs: number;
  /** A pass without progress for this long counts as stuck. */
  stuckAfterMs: number;
  /** After failures, the process leaves the lead to others for this long. */
  stepDownMs: number;
};

export const RECONCILER_TIMES: ReconcilerTimes = {
  renewIntervalMs: 1_000,
  leaseDurationMs: 5_000,
  passIntervalMs: 5_000,
  silentCheckIntervalMs: 1_000,
  overdueAfterMs: 60_000,
  startupOverdueAfterMs: 5_000,
  startupMs: 60_000,
  recheckAfterMs: 60_000,
  terminateWedgedAfterMs: 120_000,
  sweepIntervalMs: 60_000,
  startupSweepIntervalMs: 5_000,
  stuckAfterMs: 5_000,
  stepDownMs: 10_000,
};
const OWNERS_PER_READ = 2_000;
/** After this many consecutive failures the process gives up the lead. */
const MAX_FAILED_PASSES = 3;
const RETRY_DELAY_MS = 1_000;

/** Finds due deliveries that have an owner and are not being attempted, and returns them to the queue. */
export function createReconciler(deps: ReconcilerDependencies): { close(): Promise<void> } {
  const { pool, leaseDb, processId, temporal, sweepEndpoints, onReleased, onLeadershipChange, onFailure } =
    deps;
  const { times = RECONCILER_TIMES } = deps;
  const startedAt = performance.now();
  let nextSweepAt = startedAt;
  let sweeping: Promise<void> | null = null;
  let closed = false;

  const limits: WorkLimits = {
    maxFailures: MAX_FAILED_PASSES,
    stuckAfterMs: times.stuckAfterMs,
    stepDownMs: times.stepDownMs,
  };
  const health = { overdue: createWorkHealth(limits), silent: createWorkHealth(limits) };
  const leadership = createLeadership({
    db: leaseDb,
    name: 'reconciler',
    processId,
    // Without Temporal this process cannot check any workflow, but another process may.
    canWork: () => temporal() !== null && Object.values(health).every((work) => work.canWork()),
    onChange: onLeadershipChange,
    onFailure,
    times,
  });
  const leads = (): boolean => !closed && leadership.isLeader();
  const ownerPoller = createOwnerPoller({
    ...deps,
    mayPoll: leads,
    times,
  });

  async function passOverdue(): Promise<void> {
    const now = performance.now();
    const isStart = now - startedAt < times.startupMs;
    if (!sweeping && now >= nextSweepAt) {
      const sweepEvery = isStart ? times.startupSweepIntervalMs : times.sweepIntervalMs;
      nextSweepAt = now + sweepEvery;
      // Not awaited: overdue deliveries must not wait for a long backlog of endpoint changes.
      sweeping = sweepEndpoints(sweepEvery)
        .catch(onFailure)
        .finally(() => (sweeping = null));
    }
    const overdueMs = isStart ? times.startupOverdueAfterMs : times.overdueAfterMs;
    const checked = new Set(ownerPoller.recentlySignalled());
    for (let more = true; more && leads(); ) {
      const owners = await overdueOwners(pool, overdueMs, OWNERS_PER_READ, [...checked]);
      for (const { owner } of owners) checked.add(owner);
      if ((await ownerPoller.pollOwners(owners, health.overdue.recordProgress)) > 0) onReleased();
      more = owners.length === OWNERS_PER_READ;
    }
  }

  /** Checks the deliveries of a process as soon as it is silent. If it was only slow, checking does no harm. */
  async function passSilent(): Promise<void> {
    const silent = await silentProcesses(pool, processId);
    if (silent.length === 0) return;
    const owners = await orphanedOwners(pool, silent, OWNERS_PER_READ, ownerPoller.recentlySignalled());
    if ((await ownerPoller.pollOwners(owners, health.silent.recordProgress)) > 0) onReleased();
  }

  const loops = [
    repeat(passOverdue, health.overdue, times.passIntervalMs),
    repeat(passSilent, health.silent, times.silentCheckIntervalMs),
  ];

  function repeat(pass: () => Promise<void>, work: WorkHealth, everyMs: number): { close(): Promise<void> } {
    let timer: NodeJS.Timeout | undefined;
    let passing: Promise<void> = Promise.resolve();
    const soonMs = Math.min(RETRY_DELAY_MS, everyMs);
    const passIfLeading = (): void => {
      // A process that has stepped down keeps its lease until the next renewal, but begins no further pass.
      passing = (leads() && work.canWork() ? work.run(pass).then(() => everyMs) : Promise.resolve(soonMs))
        .catch((error: unknown) => {
          onFailure(error);
          return soonMs;
        })
        .then((ms) => {
          if (!closed) timer = setTimeout(passIfLeading, ms);
        });
    };
    passIfLeading();
    return {
      async close() {
        clearTimeout(timer);
        await passing;
      },
    };
  }

  return {
    async close() {
      closed = true;
      await Promise.all(loops.map((loop) => loop.close()));
      await sweeping;
      await leadership.close();
    },
  };
}
