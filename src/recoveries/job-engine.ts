import type pg from 'pg';
import type { JobStep } from '../../workflows/contract.ts';
import { createFairSemaphore } from '../limits/fair-semaphore.ts';
import type { WorkflowSignal } from '../store/deliveries/cancel-locked.ts';
import { totalOf } from '../store/recoveries/job-row.ts';
import { type JobPage, workOnJob } from '../store/recoveries/work-on-job.ts';
import { matchesFilter } from './matches-filter.ts';
import { signalAll } from './signal-all.ts';

export type JobEngineDependencies = {
  pool: pg.Pool;
  /** Called when outcomes of this project were written. */
  onOutcomes: (projectId: string) => void;
  /** Tells a workflow that deliveries were cancelled. Never rejects: without the signal, it finds out when they are due. */
  signalCancelled: (signal: WorkflowSignal) => Promise<void>;
};

export type JobEngine = {
  /** Works through pages of a job for about half a second. */
  work(job: { id: string; run: number; projectId: string }): Promise<JobStep>;
};

/** Jobs use the connections that claim deliveries, which live traffic needs. */
const MAX_CONCURRENT = 2;
/** Pages that need no wait in between are worked through in one call, for this long. */
const WORK_FOR_MS = 500;

export function createJobEngine({ pool, onOutcomes, signalCancelled }: JobEngineDependencies): JobEngine {
  const takeTurns = createFairSemaphore(MAX_CONCURRENT, 1);

  async function workForAWhile(id: string, run: number): Promise<JobStep> {
    const until = performance.now() + WORK_FOR_MS;
    for (;;) {
      const page = await workOnJob(pool, id, run, matchesFilter);
      if (page === null)
        return { kind: 'ended', summary: 'paused, cancelled or carried by another workflow' };
      if (page.job.kind === 'cancel') onOutcomes(page.job.projectId);
      await signalAll(page.signals, signalCancelled);
      if (page.job.status !== 'running') return { kind: 'ended', summary: describe(page) };
      if (page.waitMs > 0 || performance.now() >= until)
        return { kind: 'continues', waitMs: page.waitMs, summary: describe(page) };
    }
  }

  return { work: ({ id, run, projectId }) => takeTurns(projectId, () => workForAWhile(id, run)) };
}

/** For the Web UI: `1,000 of 1,204 done, 3 skipped`. */
function describe({ job }: JobPage): string {
  const number = (n: number): string => n.toLocaleString('en-US');
  const total = totalOf(job);
  const of = total === null ? '' : ` of ${number(total)}`;
  return `${number(job.done)}${of} done${job.skipped > 0 ? `, ${number(job.skipped)} skipped` : ''}`;
}
