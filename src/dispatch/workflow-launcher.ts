import type pg from 'pg';
import { type Assignment, releaseUnstarted } from '../store/deliveries/assignments/assignment.ts';
import type { StartLimiter } from './start-limiter.ts';
import { groupSizeOf } from './workflow-groups.ts';

/**
 * Starts the workflow of an assignment. Resolves with `id_in_use` if Temporal knows an earlier workflow of that id, which
 * does not have these deliveries. Rejects if it is unknown whether the workflow has started.
 */
export type StartWorkflow = (assignment: Assignment) => Promise<'started' | 'id_in_use'>;

export type WorkflowLauncher = {
  /** Whether Temporal is available and no start has failed within the last second. */
  canLaunch(): boolean;
  /** Takes a start slot and starts the workflow. If the start fails, the deliveries are released. */
  launch(assignment: Assignment, startLimiter: StartLimiter): void;
  /** Returns the deliveries of a workflow that did not start to the queue in Postgres. */
  release(workflowId: string, deliveries: { id: string }[]): void;
  /** Resolves when all starts and releases have ended. */
  whenIdle(): Promise<void>;
};

export type WorkflowLauncherDependencies = {
  pool: pg.Pool;
  /** Null while Temporal is down. */
  starter: () => StartWorkflow | null;
  onStarted: (result: 'started' | 'failed', deliveries: number) => void;
  /** Called when released deliveries wait for an assignment. */
  onReleased: () => void;
  onFailure: (error: unknown) => void;
};

/** No workflow is started for this long after a start that failed. */
const START_FAILURE_PAUSE_MS = 1_000;

export function createWorkflowLauncher(deps: WorkflowLauncherDependencies): WorkflowLauncher {
  const { pool, starter, onStarted, onReleased, onFailure } = deps;
  const running = new Set<Promise<void>>();
  let pausedUntil = 0;

  function track(work: Promise<void>): void {
    const tracked = work.finally(() => running.delete(tracked));
    running.add(tracked);
  }

  function release(workflowId: string, deliveries: { id: string }[]): void {
    const ids = deliveries.map(({ id }) => id);
    track(releaseUnstarted(pool, workflowId, ids).then(onReleased, onFailure));
  }

  async function start(assignment: Assignment, startLimiter: StartLimiter): Promise<void> {
    const startWorkflow = starter();
    try {
      if (!startWorkflow) throw new Error('Temporal became unavailable before the start');
      const result = await startWorkflow(assignment);
      onStarted(result === 'started' ? 'started' : 'failed', assignment.deliveries.length);
      if (result === 'started') return;
      // The event's id was used before its retention or before a restore of the database. It cannot be this start with a
      // lost response: Temporal recognizes a repeated request and responds as it did first.
    } catch (error) {
      pausedUntil = performance.now() + START_FAILURE_PAUSE_MS;
      onStarted('failed', assignment.deliveries.length);
      onFailure(error);
    }
    startLimiter.release(assignment.workflowId);
    // If the workflow runs nevertheless, it finds that it owns nothing. If this release fails too, the reconciler finds
    // deliveries of a workflow that does not exist.
    release(assignment.workflowId, assignment.deliveries);
  }

  return {
    canLaunch: () => starter() !== null && performance.now() >= pausedUntil,
    launch(assignment, startLimiter) {
      const { workflowId, projectId, policy, deliveries } = assignment;
      startLimiter.acquire(workflowId, projectId, deliveries.length === groupSizeOf(policy));
      track(start(assignment, startLimiter));
    },
    release,
    async whenIdle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
