import proto from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';
import { slowTaskQueueOf } from '../../../workflows/contract.ts';
import { GRPC_STATUS, grpcStatusOf } from '../grpc-status.ts';

const { WorkerDeploymentVersionStatus } = proto.temporal.api.enums.v1;
const { WORKER_VERSIONING_MODE_VERSIONED } = proto.temporal.api.enums.v1.WorkerVersioningMode;
const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;

type WorkflowConnection = Pick<NativeConnection, 'workflowService'>;

/** One build of the workers of a deployment. */
export type DeploymentVersion = { deploymentName: string; buildId: string };

/** A worker deployment as Temporal knows it. */
export type Deployment = {
  /** The build that gets new workflows; null: workers without a version do. */
  current: string | null;
  builds: { buildId: string; wasCurrent: boolean; isDraining: boolean }[];
  /** A change with this token fails if something else has changed since. */
  conflictToken: Uint8Array;
};

/** Temporal's server or the namespace has no Worker Deployment Versioning. The message is shown to operators. */
export class VersioningUnavailable extends Error {}

/** Whether the namespace has a worker deployment, of Posthorn or of anything else. */
export async function hasDeployments(
  { workflowService }: WorkflowConnection,
  namespace: string,
): Promise<boolean> {
  try {
    const { workerDeployments } = await workflowService.listWorkerDeployments({ namespace, pageSize: 1 });
    return workerDeployments.length > 0;
  } catch (error) {
    const status = grpcStatusOf(error);
    if (status === GRPC_STATUS.UNIMPLEMENTED || status === GRPC_STATUS.PERMISSION_DENIED) return false;
    throw error;
  }
}

/** Undefined if no worker of the deployment has polled yet. */
export async function readDeployment(
  { workflowService }: WorkflowConnection,
  namespace: string,
  deploymentName: string,
): Promise<Deployment | undefined> {
  try {
    const { workerDeploymentInfo, conflictToken } = await workflowService.describeWorkerDeployment({
      namespace,
      deploymentName,
    });
    return {
      current: workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId ?? null,
      builds: (workerDeploymentInfo?.versionSummaries ?? []).map((version) => ({
        buildId: version.deploymentVersion?.buildId ?? '',
        wasCurrent: Boolean(version.firstActivationTime),
        isDraining:
          version.status === WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING,
      })),
      conflictToken,
    };
  } catch (error) {
    if (grpcStatusOf(error) === GRPC_STATUS.NOT_FOUND) return undefined;
    throw error;
  }
}

/**
 * Whether the server knows all task queues of a build: a worker registers each with its first poll. An activity for a queue
 * that the build does not have yet would go to workers without a version.
 */
export async function hasAllQueues(
  { workflowService }: WorkflowConnection,
  namespace: string,
  deploymentVersion: DeploymentVersion,
  taskQueue: string,
): Promise<boolean> {
  const { versionTaskQueues, workerDeploymentVersionInfo } =
    await workflowService.describeWorkerDeploymentVersion({ namespace, deploymentVersion });
  const known = [...versionTaskQueues, ...(workerDeploymentVersionInfo?.taskQueueInfos ?? [])];
  const knows = (name: string, type: number) =>
    known.some((queue) => queue.name === name && queue.type === type);
  return (
    knows(taskQueue, TASK_QUEUE_TYPE_WORKFLOW) &&
    knows(taskQueue, TASK_QUEUE_TYPE_ACTIVITY) &&
    knows(slowTaskQueueOf(taskQueue), TASK_QUEUE_TYPE_ACTIVITY)
  );
}

/**
 * Makes a build the current one; null: workers without a version. Rejects if Temporal has never seen the build, if it has no
 * worker on one of the task queues of the build that is current now, or if `conflictToken` is outdated.
 */
export async function setCurrentBuild(
  { workflowService }: WorkflowConnection,
  { namespace, deploymentName }: { namespace: string; deploymentName: string },
  buildId: string | null,
  conflictToken?: Uint8Array,
): Promise<void> {
  await workflowService.setWorkerDeploymentCurrentVersion({
    namespace,
    deploymentName,
    buildId: buildId ?? '',
    identity: 'posthorn',
    ...(conflictToken && { conflictToken }),
  });
}

/** Nobody has a deployment of this name: it begins with a character that POSTHORN_DEPLOYMENT may not have. */
const NO_DEPLOYMENT = '~posthorn';

/**
 * Rejects with VersioningUnavailable if workers with a version could not poll. No call says so: this one asks for a change
 * that is not possible, and the reason of the refusal tells.
 */
export async function requireVersioning(connection: WorkflowConnection, namespace: string): Promise<void> {
  const error = await setCurrentBuild(connection, { namespace, deploymentName: NO_DEPLOYMENT }, 'none').then(
    () => null,
    (error: unknown) => error,
  );
  const status = grpcStatusOf(error);
  const isDisabled = /versions are disabled/i.test(error instanceof Error ? error.message : '');
  if (status === GRPC_STATUS.UNIMPLEMENTED || isDisabled)
    throw new VersioningUnavailable(
      `POSTHORN_DEPLOYMENT is set, but Temporal has no Worker Deployment Versioning in the namespace "${namespace}": ` +
        'unset POSTHORN_DEPLOYMENT, upgrade the server (1.29 has it), or set system.enableDeploymentVersions in its dynamic configuration.',
    );
}

/** The workflow queue: which version gets its tasks, and which builds have polled it lately. */
export type QueueRouting = {
  /** Null: workers without a version. */
  current: DeploymentVersion | null;
  /** Builds with a worker that was seen within 90 s of the worker that was seen last; null: workers without a version. */
  polledBy: Set<string | null>;
  /** When a worker of a build was last seen, by the server's clock in milliseconds. It forgets this when it restarts. */
  lastPolls: Map<string | null, number>;
};

/** A poll of an idle worker takes 60 s, so that one that is alive is seen this often. */
export const POLL_INTERVAL_MS = 90_000;

export async function readRouting(
  { workflowService }: WorkflowConnection,
  namespace: string,
  taskQueue: string,
): Promise<QueueRouting> {
  const { pollers, versioningInfo } = await workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
  });
  const seen = (pollers ?? []).map(({ lastAccessTime, deploymentOptions }) => ({
    // Workers without a version send a build id as well.
    buildId:
      deploymentOptions?.workerVersioningMode === WORKER_VERSIONING_MODE_VERSIONED
        ? (deploymentOptions.buildId ?? null)
        : null,
    at: Number(lastAccessTime?.seconds ?? 0) * 1_000,
  }));
  const lastPolls = new Map<string | null, number>();
  for (const { buildId, at } of seen) lastPolls.set(buildId, Math.max(at, lastPolls.get(buildId) ?? 0));
  // Compared with each other, because this machine's clock is not the server's.
  const last = Math.max(...lastPolls.values());
  const { deploymentName, buildId } = versioningInfo?.currentDeploymentVersion ?? {};
  return {
    current: deploymentName && buildId ? { deploymentName, buildId } : null,
    polledBy: new Set([...lastPolls].filter(([, at]) => last - at < POLL_INTERVAL_MS).map(([id]) => id)),
    lastPolls,
  };
}
