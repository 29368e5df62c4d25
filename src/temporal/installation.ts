import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { INSTALLATION_WORKFLOW_TYPE } from '../../workflows/contract.ts';
import { GRPC_STATUS, grpcStatusOf } from './grpc-status.ts';

/** The task queue belongs to another database. The message is shown to operators. */
export class InstallationConflict extends Error {}

/** A namespace that was created just now rejects workflows for some seconds. */
const NEW_NAMESPACE_MS = 15_000;
const NEW_NAMESPACE_RETRY_MS = 250;

/** `if_free`: only if no other database has it. `always`: from any other database, whose processes have been stopped. */
export type ClaimMode = 'if_free' | 'always';

/**
 * Claims a task queue, and with it its queue for retries, for one database. The claim is an open workflow: Temporal has no
 * two with the same id, so of two databases that claim at the same time one is refused
 * (docs/decisions/0022-one-database-per-task-queue.md).
 * @throws InstallationConflict if another database has it
 */
export async function claimTaskQueue(
  client: Client,
  taskQueue: string,
  database: string,
  mode: ClaimMode,
): Promise<void> {
  const workflowId = `installation/${taskQueue}`;
  const start = () =>
    client.workflow.start(INSTALLATION_WORKFLOW_TYPE, {
      workflowId,
      taskQueue,
      args: [database],
      memo: { database },
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: mode === 'always' ? 'TERMINATE_EXISTING' : 'USE_EXISTING',
      staticSummary: 'keeps other Posthorn databases off this task queue',
    });
  const { firstExecutionRunId } = await untilNamespaceIsKnown(start);
  const { memo } = await client.workflow.getHandle(workflowId, firstExecutionRunId).describe();
  if (memo?.database === database) return;
  throw new InstallationConflict(
    `The task queue "${taskQueue}" in the Temporal namespace "${client.options.namespace}" belongs to another database ` +
      `(${memo?.database ?? 'unknown'}). Each installation needs its own: set TEMPORAL_TASK_QUEUE or TEMPORAL_NAMESPACE. ` +
      'If this database replaces the other one, for example after a restore, stop all processes of the other ' +
      'installation, and run "posthorn migrate --take-over", or "posthorn start --take-over".',
  );
}

async function untilNamespaceIsKnown<T>(call: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + NEW_NAMESPACE_MS; ; ) {
    try {
      return await call();
    } catch (error) {
      if (grpcStatusOf(error) !== GRPC_STATUS.NOT_FOUND || performance.now() > until) throw error;
      await sleep(NEW_NAMESPACE_RETRY_MS);
    }
  }
}
