import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import {
  type NativeConnection,
  Worker,
  type WorkerDeploymentOptions,
  type WorkflowBundle,
} from '@temporalio/worker';
import { type Activities, type JobActivities, slowTaskQueueOf } from '../../../workflows/contract.ts';
import type { DeploymentVersion } from '../deployments/deployment.ts';
import { WorkerWithoutWatchdog } from './worker-without-watchdog.ts';

/** Longer than the longest attempt (60 s) with a margin, so that a deploy never interrupts a POST. */
const SHUTDOWN_GRACE = '75s';

/**
 * Never reached in practice: attempt-limiter.ts limits attempts, because it shares capacity fairly between projects.
 */
const MAX_CONCURRENT_ACTIVITIES = 2_000;

export type RunningWorkers = {
  /** The identity under which the workers poll. It is unique across processes and restarts. */
  identity: string;
  /** Resolves when the workers have stopped. Rejects when one of them failed. */
  stopped: Promise<void>;
  /** Stops polling and resolves when the tasks in flight have finished. */
  shutdown(): Promise<void>;
};

/**
 * Starts two workers: one for workflows and first attempts, and one with separate slots for retries and slow receivers.
 * Without the second one, slow receivers could occupy all slots. With a `version`, both register as that build of a
 * deployment, and Temporal gives them only what belongs to it.
 */
export async function runWorkers(
  connection: NativeConnection,
  { namespace, taskQueue }: { namespace: string; taskQueue: string },
  activities: Activities & JobActivities,
  workflowBundle: WorkflowBundle,
  version?: DeploymentVersion,
): Promise<RunningWorkers> {
  const identity = `${process.pid}@${hostname()}/${randomBytes(4).toString('hex')}`;
  // A workflow stays on the build that it began on, and so do its activities, on both queues.
  const pinned = version && {
    workerDeploymentOptions: {
      version,
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED',
    } satisfies WorkerDeploymentOptions,
  };
  const common = {
    ...{ connection, namespace, activities, identity, shutdownGraceTime: SHUTDOWN_GRACE },
    ...pinned,
  } as const;
  const workers = [
    await WorkerWithoutWatchdog.create({
      ...common,
      taskQueue,
      workflowBundle,
      // Each poller holds a slot. With this many slots, an eager start always finds a free one.
      maxConcurrentWorkflowTaskExecutions: 200,
      workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 10 },
      maxConcurrentActivityTaskExecutions: MAX_CONCURRENT_ACTIVITIES,
      maxCachedWorkflows: 1_000,
      // After kill -9, workflow tasks wait this long for the dead worker before another one gets them.
      stickyQueueScheduleToStartTimeout: '1s',
      // Fails a workflow that no longer replays, so that the reconciler moves its deliveries to a new one.
      workflowFailureErrorTypes: { '*': ['NondeterminismError'] },
    }),
    await Worker.create({
      ...common,
      taskQueue: slowTaskQueueOf(taskQueue),
      maxConcurrentActivityTaskExecutions: MAX_CONCURRENT_ACTIVITIES,
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
