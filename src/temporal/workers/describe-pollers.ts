import proto from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';
import { slowTaskQueueOf } from '../../../workflows/contract.ts';
import { GRPC_STATUS, grpcStatusOf } from '../grpc-status.ts';

const { TASK_QUEUE_TYPE_ACTIVITY, TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;

/** The task queues that runWorkers polls. */
const polledQueues = (taskQueue: string) => [
  { name: taskQueue, taskQueueType: TASK_QUEUE_TYPE_WORKFLOW },
  { name: taskQueue, taskQueueType: TASK_QUEUE_TYPE_ACTIVITY },
  { name: slowTaskQueueOf(taskQueue), taskQueueType: TASK_QUEUE_TYPE_ACTIVITY },
];

/** The namespace, and the task queue of workflows. */
export type Queues = { namespace: string; taskQueue: string };

/** `work`: what its pollers get from it. */
export type PolledQueue = { queue: string; work: 'workflows' | 'activities'; identities: string[] };

type WorkflowConnection = Pick<NativeConnection, 'workflowService'>;

/** The task queues of Posthorn's workers, each with the identities that the server has seen polling lately. */
export async function describePollers(
  { workflowService }: WorkflowConnection,
  { namespace, taskQueue }: Queues,
): Promise<PolledQueue[]> {
  return Promise.all(
    polledQueues(taskQueue).map(async ({ name, taskQueueType }) => {
      const { pollers } = await workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name },
        taskQueueType,
      });
      return {
        queue: name,
        work: taskQueueType === TASK_QUEUE_TYPE_WORKFLOW ? 'workflows' : 'activities',
        identities: (pollers ?? []).map(({ identity }) => identity ?? ''),
      };
    }),
  );
}

/**
 * True when the server has seen polls from the worker with this identity on every task queue, or when it does not allow
 * this process to check. Rejects when the call fails for another reason.
 */
export async function isPolling(
  connection: WorkflowConnection,
  queues: Queues,
  identity: string,
): Promise<boolean> {
  try {
    const polled = await describePollers(connection, queues);
    return polled.every(({ identities }) => identities.includes(identity));
  } catch (error) {
    if (grpcStatusOf(error) === GRPC_STATUS.PERMISSION_DENIED) return true; // the worker may poll all the same
    throw error;
  }
}
