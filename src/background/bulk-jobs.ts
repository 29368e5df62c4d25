import type pg from 'pg';
import type { BulkJobs } from '../api/ports.ts';
import { PendingWork } from '../limits/pending-work.ts';
import { runAnew, stalledJobs } from '../store/recoveries/bulk-jobs.ts';
import type { BulkJob, JobKind } from '../store/recoveries/job-row.ts';
import { jobWorkflowId } from '../store/recoveries/job-workflows.ts';
import type { TemporalGateway } from '../temporal/gateway.ts';
import { type Loop, startLoop } from './loops/loop.ts';
import { createRunEach } from './loops/run-each.ts';

type JobGateway = Pick<TemporalGateway, 'startJob' | 'stateOf' | 'terminate'>;

export type BulkJobsDependencies = {
  pool: pg.Pool;
  /** Null while Temporal is down. */
  temporal: () => JobGateway | null;
  /** Called when a workflow could not be started or checked. A later check tries again. */
  onFailure: (error: unknown) => void;
  times?: BulkJobTimes;
  /** Steps after which the history of a workflow begins anew; short in tests. */
  stepsPerRun?: number | undefined;
};

const BULK_JOB_TIMES = {
  checkIntervalMs: 5_000,
  /** Several times as long as a page and its wait take. */
  stalledAfterMs: 15_000,
};
export type BulkJobTimes = typeof BULK_JOB_TIMES;

/** The others are checked in the next round. */
const CHECKED_AT_ONCE = 20;

const SUMMARIES: Record<JobKind, string> = {
  recover_failed: 'send failed deliveries again',
  recover_missing: 'send events that an endpoint missed',
  cancel: 'cancel open deliveries',
};

/**
 * Starts the workflows of jobs. The row is stored first, so a start that fails, or a workflow that is lost, only delays the
 * job until the next check. Several processes may check at the same time.
 */
export function createBulkJobs(deps: BulkJobsDependencies): BulkJobs & Loop {
  const { pool, temporal, onFailure, times = BULK_JOB_TIMES, stepsPerRun } = deps;
  const starting = new PendingWork();
  const runEach = createRunEach(onFailure);

  async function startWorkflow(job: BulkJob): Promise<void> {
    const { id, projectId, run, kind } = job;
    const input = { id, projectId, run, ...(stepsPerRun !== undefined && { stepsPerRun }) };
    await temporal()?.startJob(jobWorkflowId(job), input, SUMMARIES[kind]);
  }

  async function checkStalled(): Promise<void> {
    const gateway = temporal();
    if (gateway === null) return;
    for (const job of await stalledJobs(pool, times.stalledAfterMs, CHECKED_AT_ONCE))
      await runEach(job.id, () => checkJob(gateway, job));
  }

  async function checkJob(gateway: JobGateway, job: BulkJob): Promise<void> {
    const state = await gateway.stateOf(jobWorkflowId(job));
    if (state === 'running' || state === 'unknown') return;
    if (state === 'wedged' || state === 'outdated')
      await gateway.terminate(jobWorkflowId(job), 'its workflow tasks make no progress');
    // A closed workflow keeps its id, and one that Temporal has lost may come back from a backup.
    const next = await runAnew(pool, job);
    if (next) await startWorkflow(next);
  }

  const checks = startLoop(checkStalled, times.checkIntervalMs, onFailure);
  return {
    start: (job) => starting.add(startWorkflow(job).catch(onFailure)),
    async close() {
      await checks.close();
      await starting.whenIdle();
    },
  };
}
