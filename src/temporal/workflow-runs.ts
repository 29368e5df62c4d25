import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { GRPC_STATUS, grpcStatusOf } from './grpc-status.ts';

/** The runs that Temporal has of a workflow, the last one first. Each but the last one continued as new. */
export async function runsOf(client: Client, workflowId: string): Promise<string[]> {
  const { namespace } = client.options;
  const last = await describedUnlessNotFound(client, workflowId);
  if (last === null) return [];
  const runs = [last.runId];
  for (let runId = last.runId; runId !== last.raw.workflowExecutionInfo?.firstRunId; runs.push(runId)) {
    const page = await unlessNotFound(
      client.workflowService.getWorkflowExecutionHistory({
        namespace,
        execution: { workflowId, runId },
        maximumPageSize: 1,
      }),
    );
    const start = page?.history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    if (!start?.continuedExecutionRunId) break;
    runId = start.continuedExecutionRunId;
  }
  return runs;
}

/** Null if the call fails because Temporal does not have the workflow. */
export async function unlessNotFound<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (grpcStatusOf(error) === GRPC_STATUS.NOT_FOUND) return null;
    throw error;
  }
}

export async function describedUnlessNotFound(client: Client, workflowId: string) {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
