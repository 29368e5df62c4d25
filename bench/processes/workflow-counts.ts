import { Connection } from '@temporalio/client';
import type { Posthorn } from './posthorn.ts';

type WithTemporal = Pick<Posthorn, 'temporalAddress'>;

/** Workflows started since then, housekeeping included. */
export const countWorkflowsSince = (posthorn: WithTemporal, time: Date): Promise<number> =>
  count(posthorn, `StartTime >= '${time.toISOString()}'`);

export const countOpenWorkflows = (posthorn: WithTemporal): Promise<number> =>
  count(posthorn, "ExecutionStatus='Running' AND WorkflowType!='installation'");

async function count(posthorn: WithTemporal, query: string): Promise<number> {
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
