import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { WebhookEvent } from '../contract.ts';

/** How a run of a workflow ends. */
export type WorkflowClose = {
  workflowType: string;
  workflowId: string;
  runId: string;
  /** Greater than 1 if a retry policy of the workflow started this run. */
  attempt: number;
  startedAt: Date;
  closedAt: Date;
} & ({ status: 'completed'; result: unknown } | { status: 'failed'; error: Error } | { status: 'cancelled' });

/** What the workflow function returned or threw. */
export type End = { result: unknown } | { error: unknown };

/**
 * Returns how the run closes, by the rules of the SDK, or undefined if it does not: another error than a TemporalFailure
 * fails the workflow task, which is repeated, and a run that continues as new is not the end of the workflow.
 */
export function closeOf(end: End): WorkflowClose | undefined {
  const { workflowType, workflowId, runId, attempt, startTime } = workflowInfo();
  const run = { workflowType, workflowId, runId, attempt, startedAt: startTime, closedAt: new Date() };
  if ('result' in end) return { ...run, status: 'completed', result: end.result };
  const { error } = end;
  if (CancellationScope.current().consideredCancelled && isCancellation(error))
    return { ...run, status: 'cancelled' };
  if (!(error instanceof TemporalFailure)) return undefined;
  return { ...run, status: 'failed', error };
}

/** `workflow.completed`, `workflow.failed` or `workflow.cancelled`, without the result and without messages of failures. */
export const defaultCloseEvent = (close: WorkflowClose): WebhookEvent => ({
  type: `workflow.${close.status}`,
  data: {
    workflowType: close.workflowType,
    workflowId: close.workflowId,
    runId: close.runId,
    attempt: close.attempt,
    startedAt: close.startedAt.toISOString(),
    closedAt: close.closedAt.toISOString(),
    ...(close.status === 'failed' && { failureType: failureTypeOf(close.error) }),
  },
});

/** The type of the ApplicationFailure that caused it, which is often inside an ActivityFailure or a ChildWorkflowFailure. */
function failureTypeOf(error: Error): string | null {
  if (error instanceof ApplicationFailure) return error.type ?? null;
  return error.cause instanceof Error ? failureTypeOf(error.cause) : null;
}
