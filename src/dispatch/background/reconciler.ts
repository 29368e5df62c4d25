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
  /** For the lease: it must not wait behind other statements. */
  leaseDb: Queryable;
  processId: string;
  /** Finishes what changed endpoints at least `ageMs` ago: deletions, and what is held for them. */
  sweepEndpoints: (ageMs: number) => Promise<void>;
  /** Told when deliveries were released: they wait for assignment. */
  onReleased: () => void;
  /** Of all processes one reconciles: told when it is this one, and when it no longer is. */
  onLeadershipChange: (leads: boolean) => void;
  times?: ReconcilerTimes;
};

/** All in milliseconds. */
export type ReconcilerTimes = LeaseTimes & {
  passIntervalMs: number;
  /** Between two looks for what silent processes had in hand. */
  silentCheckIntervalMs: number;
  /** Longer than an attempt can be late by itself; short in the first minute, when a crash has just been. */
  overdueAfterMs: number;
  startupOverdueAfterMs: number;
  startupMs: number;
  /** A workflow task that fails for this long does not heal by itself. */
  terminateWedgedAfterMs: number;
  /** Between two looks for changes of endpoints that were never finished, and how old those are. */
  sweepIntervalMs: number;
  startupSweepIntervalMs: number;
  /** Who could not work leaves the lead to others this long; without progress for `stuckAfter` a pass hangs. */
  stuckAfterMs: number;
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
  terminateWedgedAfterMs: 120_000,
  sweepIntervalMs: 60_000,
  startupSweepIntervalMs: 5_000,
  stuckAfterMs: 5_000,
  stepDownMs: 10_000,
};
/** Owners read in one go. */
const OWNERS_PER_READ = 2_000;
/** Passes that may fail in a row; after one that failed the next follows soon. */
const FAILURES = 3;
const AGAIN_AFTER_FAILURE_MS = 1_000;

/** Finds deliveries that are due, owned, and not worked on, and gives them back to the queue. */
export function createReconciler(deps: ReconcilerDependencies): { close(): Promise<void> } {
  const { pool, leaseDb, processId, temporal, sweepEndpoints, onReleased, onLeadershipChange, onFailure } =
    deps;
  const { times = RECONCILER_TIMES } = deps;
  const startedAt = performance.now();
  let nextSweepAt = startedAt;
  let sweeping: Promise<void> | null = null;
  let closed = false;

  const limits: WorkLimits = {
    maxFailures: FAILURES,
    stuckAfterMs: times.stuckAfterMs,
    stepDownMs: times.stepDownMs,
  };
  const works = { overdue: createWorkHealth(limits), silent: createWorkHealth(limits) };
  const leadership = createLeadership({
    db: leaseDb,
    name: 'reconciler',
    processId,
    // Without Temporal it can tell nothing of any workflow; another process may.
    canWork: () => temporal() !== null && Object.values(works).every((work) => work.canWork()),
    onChange: onLeadershipChange,
    onFailure,
    times,
  });
  const leads = (): boolean => !closed && leadership.isLeader();
  const looks = createOwnerPoller({
    ...deps,
    mayPoll: leads,
    times: { recheckAfterMs: times.overdueAfterMs, terminateWedgedAfterMs: times.terminateWedgedAfterMs },
  });

  async function passOverdue(): Promise<void> {
    const now = performance.now();
    const isStart = now - startedAt < times.startupMs;
    if (!sweeping && now >= nextSweepAt) {
      const sweepEvery = isStart ? times.startupSweepIntervalMs : times.sweepIntervalMs;
      nextSweepAt = now + sweepEvery;
      // A long backlog takes a while: what is overdue does not wait for it.
      sweeping = sweepEndpoints(sweepEvery)
        .catch(onFailure)
        .finally(() => (sweeping = null));
    }
    const overdueMs = isStart ? times.startupOverdueAfterMs : times.overdueAfterMs;
    const seen = new Set(looks.recentlySignalled());
    for (let more = true; more && leads(); ) {
      const owners = await overdueOwners(pool, overdueMs, OWNERS_PER_READ, [...seen]);
      for (const { owner } of owners) seen.add(owner);
      if ((await looks.pollOwners(owners, works.overdue.recordProgress)) > 0) onReleased();
      more = owners.length === OWNERS_PER_READ;
    }
  }

  /** What a process had assigned when it died is looked at as soon as it is silent: if it was only slow, no harm is done. */
  async function passSilent(): Promise<void> {
    const silent = await silentProcesses(pool, processId);
    if (silent.length === 0) return;
    const owners = await orphanedOwners(pool, silent, OWNERS_PER_READ, looks.recentlySignalled());
    if ((await looks.pollOwners(owners, works.silent.recordProgress)) > 0) onReleased();
  }

  const loops = [
    repeat(passOverdue, works.overdue, times.passIntervalMs),
    repeat(passSilent, works.silent, times.silentCheckIntervalMs),
  ];

  function repeat(pass: () => Promise<void>, work: WorkHealth, everyMs: number): { close(): Promise<void> } {
    let timer: NodeJS.Timeout | undefined;
    let passing: Promise<void> = Promise.resolve();
    const soonMs = Math.min(AGAIN_AFTER_FAILURE_MS, everyMs);
    const passIfLeading = (): void => {
      passing = (leads() ? work.run(pass).then(() => everyMs) : Promise.resolve(soonMs))
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
