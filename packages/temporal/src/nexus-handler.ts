import { startWorkflow, WorkflowRunOperationHandler } from '@temporalio/nexus';
import { serviceHandler } from 'nexus-rpc';
import type { WebhookEvent, WebhookOutcome } from './contract.ts';
import type { posthornDeliver } from './workflow/deliver.ts';
import { posthornService } from './workflow/nexus-service.ts';

export { posthornService };

/**
 * Implements the service for `nexusServices` of a worker, which needs the activities of `posthornPlugin` and the workflow of
 * `@posthorn/temporal/deliver-workflow`. An operation is a workflow, because only a workflow can complete it later. Cancelling
 * the operation ends the waiting; Posthorn goes on delivering the event.
 */
export const posthornNexusHandler = serviceHandler(posthornService, {
  // Each start of the same operation has the same request id, so it starts one workflow.
  deliver: new WorkflowRunOperationHandler<WebhookEvent, WebhookOutcome>((context, event) =>
    startWorkflow<typeof posthornDeliver>(context, 'posthornDeliver', {
      workflowId: `posthorn-deliver-${context.requestId}`,
      args: [event],
    }),
  ),
});
