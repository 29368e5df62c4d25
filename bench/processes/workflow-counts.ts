import { Connection } from '@temporalio/client';
import type { Posthorn } from './posthorn.ts';

/** Workflows started since then, housekeeping included. */
export const countWorkflowsSince = (posthorn: Posthorn, time: Date): Promise<number> =>
  count(posthorn, `StartTime >= '${time.toISOString()}'`);

export const countOpenWorkflows = (posthorn: Posthorn): Promise<number> =>
  count(posthorn, "ExecutionStatus='Running' AND WorkflowType!='installation'");

async function count(posthorn: Posthorn, query: string): Promise<number> {
  const connection = await Connection.connect({ address: posthorn.temporalAddress() });
  try {
    const { count } = await connection.workflowService.countWorkflowExecutions({
      namespace: 'default',
      query,
    });
    return Number(count);
  } finally {
    await connection.close();
  }
}
