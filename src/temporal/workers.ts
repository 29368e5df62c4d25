import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker';
import { type Activities, SLOW_TASK_QUEUE, TASK_QUEUE } from '../../workflows/contract.ts';

/** Longer than the longest attempt (60 s) and its margin: a deploy must not cut a POST short. */
const SHUTDOWN_GRACE = '75s';

/** Far more than run at once: attempts are bounded where projects share fairly (attempt-limiter.ts), not here. */
const ACTIVITIES_AT_ONCE = 2_000;

export type RunningWorkers = {
  /** By this name the server knows their polls; no other process has it, and no earlier one had. */
  identity: string;
  /** Settles when the workers have stopped; rejects when one failed. */
  stopped: Promise<void>;
  /** Takes no more work, waits for what is under way, resolves when all have ended. */
  shutdown(): Promise<void>;
};

/** One worker for workflows and first attempts, one with slots of its own for retries and slow receivers. */
export async function runWorkers(
  connection: NativeConnection,
  namespace: string,
  activities: Activities,
  workflowBundle: WorkflowBundle,
): Promise<RunningWorkers> {
  const identity = `${process.pid}@${hostname()}/${randomBytes(4).toString('hex')}`;
  const common = { connection, namespace, activities, identity, shutdownGraceTime: SHUTDOWN_GRACE } as const;
  const workers = [
    await Worker.create({
      ...common,
      taskQueue: TASK_QUEUE,
      workflowBundle,
      // Pollers hold slots: with as many free slots as this an eager start always finds one.
      maxConcurrentWorkflowTaskExecutions: 200,
      workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 10 },
      maxConcurrentActivityTaskExecutions: ACTIVITIES_AT_ONCE,
      maxCachedWorkflows: 1_000,
      // After kill -9 a signal waits this long for the worker that is gone.
      stickyQueueScheduleToStartTimeout: '1s',
      // A workflow that no longer replays ends, and the reconciler gives its deliveries to one that does.
      workflowFailureErrorTypes: { '*': ['NondeterminismError'] },
    }),
    await Worker.create({
      ...common,
      taskQueue: SLOW_TASK_QUEUE,
      maxConcurrentActivityTaskExecutions: ACTIVITIES_AT_ONCE,
    }),
  ];
  const stopped = Promise.all(workers.map((worker) => worker.run())).then(() => {});
  stopped.catch(() => {});
  return {
    identity,
    stopped,
    async shutdown() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await stopped;
    },
  };
}
