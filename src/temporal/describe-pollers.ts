import proto from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';
import { SLOW_TASK_QUEUE, TASK_QUEUE } from '../../workflows/contract.ts';
import { grpcStatusOf } from './namespace.ts';

const { TASK_QUEUE_TYPE_ACTIVITY, TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;

const PERMISSION_DENIED = 7;

/** The polls of runWorkers: on each of these the server must have seen the worker. */
const POLLED = [
  { name: TASK_QUEUE, taskQueueType: TASK_QUEUE_TYPE_WORKFLOW },
  { name: TASK_QUEUE, taskQueueType: TASK_QUEUE_TYPE_ACTIVITY },
  { name: SLOW_TASK_QUEUE, taskQueueType: TASK_QUEUE_TYPE_ACTIVITY },
];

/** True when the server has polls of the worker with this identity on every queue that it is to work on. */
export async function isPolling(
  { workflowService }: Pick<NativeConnection, 'workflowService'>,
  namespace: string,
  identity: string,
): Promise<boolean> {
  try {
    const answers = await Promise.all(
      POLLED.map(({ name, taskQueueType }) =>
        workflowService.describeTaskQueue({ namespace, taskQueue: { name }, taskQueueType }),
      ),
    );
    return answers.every(({ pollers }) => pollers?.some((poller) => poller.identity === identity));
  } catch (error) {
    if (grpcStatusOf(error) === PERMISSION_DENIED) return true; // we may not look, which says nothing of the polls
    throw error;
  }
}
