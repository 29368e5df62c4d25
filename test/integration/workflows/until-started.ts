import type { Client } from '@temporalio/client';
import { eventually } from '../../set-up/eventually.ts';

/** The workflow that retries an attempt without a workflow starts up to 200 ms after its id is in Postgres. */
export const untilStarted = (temporal: Client, workflowId: string): Promise<void> =>
  eventually(() =>
    temporal.workflow
      .getHandle(workflowId)
      .describe()
      .then(
        () => true,
        () => false,
      ),
  );
