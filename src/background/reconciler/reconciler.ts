import { removeOutdatedFirstAttempts } from '../../store/deliveries/assigned-deliveries.ts';
import { orphanedOwners, overdueOwners } from '../../store/deliveries/reconciliation.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { silentProcesses } from '../../store/processes/processes.ts';
import type { Loop } from '../loops/loop.ts';
import { type PassLoop, startPassLoop } from '../loops/pass-loop.ts';
import { createBuildDrain, type DrainControl, type DrainDependencies } from './drain-builds.ts';
import { createLeadership } from './leadership.ts';
import { createOwnerPoller, type OwnerPollerDependencies, type WorkflowControl } from './owner-poller.ts';

export type ReconcilerDependencies = Pick<
  OwnerPollerDependencies,
  'pool' | 'onReleased' | 'onAction' | 'onWorkflowFailed' | 'onFailure'
> & {
  /** Null while Temporal is down. */
  temporal: () => (WorkflowControl & DrainControl) | null;
  onDrained: DrainDependencies['onDrained'];
  /** A connection for the lease, which must not wait for other statements. */
  leaseDb: Queryable;
  processId: string;
  /** Finishes changes of endpoints that are at least `ageMs` old: deletions, state changes and plan changes. */
  sweepEndpoints: (ageMs: number) => Promise<void>;
  /** One of all processes reconciles. Called when this process becomes that one, and when it no longer is. */
  onLeadershipChange: (leads: boolean) => void;
  times?: ReconcilerTimes;
};

/** All in milliseconds. */
export const RECONCILER_TIMES = {
  renewIntervalMs: 1_000,
  leaseDurationMs: 5_000,
  passIntervalMs: 5_000,
  /** The interval between two searches for deliveries of silent processes. */
  silentCheckIntervalMs: 1_000,
  /** How long a delivery must be overdue: longer than an attempt can be late in normal operation. */
  overdueAfterMs: 60_000,
  /** Shorter in the first minute (`startupMs`), because Posthorn may have restarted after a crash. */
  startupOverdueAfterMs: 5_000,
  startupMs: 60_000,
  /** How long after a signal a running workflow is not checked again. */
  recheckAfterMs: 60_000,
  /** A workflow whose task has failed for this long is wedged for good. */
  terminateWedgedAfterMs: 120_000,
  /** How soon what waits on an earlier build is taken from it, and how long its workflows then have to end. */
  drainIntervalMs: 5_000,
  terminateDrainedAfterMs: 30_000,
  /** The interval between two sweeps of endpoint changes, and the age from which these are finished. */
  sweepIntervalMs: 60_000,
  startupSweepIntervalMs: 5_000,
  /** A pass without progress for this long counts as stuck. */
  stuckAfterMs: 5_000,
  /** After failures, the process leaves the lead to others for this long. */
  stepDownMs: 10_000,
};
export type ReconcilerTimes = typeof RECONCILER_TIMES;

const OWNERS_PER_READ = 2_000;

/** Finds due deliveries that have an owner and are not being attempted, and returns them to the queue. */
export function createReconciler(deps: ReconcilerDependencies): Loop {
  const { pool, leaseDb, processId, temporal, sweepEndpoints, onLeadershipChange, onFailure } = deps;
  const { times = RECONCILER_TIMES } = deps;
  const startedAt = performance.now();
  let nextSweepAt = startedAt;
  let sweeping: Promise<void> | null = null;
  let closed = false;

  const passes: PassLoop[] = [];
  const leadership = createLeadership({
    db: leaseDb,
    name: 'reconciler',
    processId,
    // Without Temporal this process cannot check any workflow, but another process may.
    canWork: () => temporal() !== null && passes.every((pass) => pass.canWork()),
    onChange: onLeadershipChange,
    onFailure,
    times,
  });
  const leads = (): boolean => !closed && leadership.isLeader();
  const ownerPoller = createOwnerPoller({ ...deps, mayPoll: leads, times });
  const passDrain = createBuildDrain({
    ...deps,
    mayDrain: leads,
    terminateAfterMs: times.terminateDrainedAfterMs,
  });
  const options = { mayRun: leads, onFailure, times };
  passes.push(
    startPassLoop(passOverdue, times.passIntervalMs, options),
    startPassLoop(passSilent, times.silentCheckIntervalMs, options),
    startPassLoop(passDrain, times.drainIntervalMs, options),
  );

  async function passOverdue(recordProgress: () => void): Promise<void> {
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
      await ownerPoller.pollOwners(owners, recordProgress);
      more = owners.length === OWNERS_PER_READ;
    }
    await removeOutdatedFirstAttempts(pool);
  }

  /** Checks the deliveries of a process as soon as it is silent. If it was only slow, checking does no harm. */
  async function passSilent(recordProgress: () => void): Promise<void> {
    const silent = await silentProcesses(pool, processId);
    if (silent.length === 0) return;
    const owners = await orphanedOwners(pool, silent, OWNERS_PER_READ, ownerPoller.recentlySignalled());
    await ownerPoller.pollOwners(owners, recordProgress);
  }

  return {
    async close() {
      closed = true;
      await Promise.all(passes.map((pass) => pass.close()));
      await sweeping;
      await leadership.close();
    },
  };
}
