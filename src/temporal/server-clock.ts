import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import proto from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';

const { TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;

/** A queue that no workflow uses: a poll of it gets nothing. */
const TASK_QUEUE = 'posthorn-doctor';
const TRY_FOR_MS = 3_000;
const TRY_EVERY_MS = 100;

/**
 * How many milliseconds this machine's clock is ahead of that of Temporal's server; undefined if the server does not say.
 * No call returns the server's time. It notes the time of each poll, so this polls a queue and asks when that was. The
 * error is at most the time that both take, some hundred milliseconds.
 */
export async function temporalSkewMs(
  connection: NativeConnection,
  namespace: string,
): Promise<number | undefined> {
  const { workflowService } = connection;
  const taskQueue = { name: TASK_QUEUE };
  const identity = `${TASK_QUEUE}/${randomBytes(8).toString('hex')}`;
  const ending = new AbortController();
  const startedAt = Date.now();
  const poll = connection
    .withAbortSignal(ending.signal, () =>
      workflowService.pollWorkflowTaskQueue({ namespace, taskQueue, identity }),
    )
    .catch(() => {});
  try {
    while (Date.now() - startedAt < TRY_FOR_MS) {
      const { pollers } = await workflowService.describeTaskQueue({
        namespace,
        taskQueue,
        taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
      });
      const polledAt = pollers?.find((poller) => poller.identity === identity)?.lastAccessTime;
      if (polledAt) {
        const serverTime = Number(polledAt.seconds ?? 0) * 1_000 + (polledAt.nanos ?? 0) / 1e6;
        return (startedAt + Date.now()) / 2 - serverTime;
      }
      await sleep(TRY_EVERY_MS);
    }
    return undefined;
  } finally {
    ending.abort();
    await poll;
  }
}
