import type pg from 'pg';
import {
  checkWorkflowAgain,
  dueWorkflows,
  nextWorkflowInMs,
  releaseFromWorkflow,
  workflowIsGone,
} from '../../store/erasures/erased-workflows.ts';
import { carriesJob } from '../../store/recoveries/job-workflows.ts';
import type { TemporalGateway } from '../../temporal/gateway.ts';
import type { StepResult } from './step-result.ts';

export type WorkflowDeletion = Pick<TemporalGateway, 'runOf' | 'stateOf' | 'deliveriesOf' | 'deleteWorkflow'>;

/** Workflows in one step. They are deleted one after another, so that Temporal is not flooded. */
const MAX_WORKFLOWS = 20;
/** Temporal deletes a workflow that it has terminated at once, and one that has just closed after up to a minute. */
const CHECK_OPEN_MS = 1_000;
const CHECK_CLOSED_MS = 5_000;
/** How long to wait for a Temporal that does not respond. */
const TEMPORAL_AWAY_MS = 5_000;

export type DeleteWorkflowsDependencies = {
  pool: pg.Pool;
  /** Null while Temporal is down. */
  temporal: () => WorkflowDeletion | null;
  /** Called when deliveries wait for an assignment. */
  onReleased: () => void;
  onFailure: (error: unknown) => void;
};

/** Deletes the next workflows of erased events and jobs, and waits until Temporal no longer has them. Null when there is none left. */
export async function deleteWorkflows(
  deps: DeleteWorkflowsDependencies,
  erasureId: string,
): Promise<StepResult | null> {
  const waitMs = await nextWorkflowInMs(deps.pool, erasureId);
  if (waitMs === null) return null;
  if (waitMs > 0) return { kind: 'waiting', ms: waitMs, waitingFor: null };
  const temporal = deps.temporal();
  try {
    if (!temporal) throw new Error('Temporal is not connected');
    for (const id of await dueWorkflows(deps.pool, erasureId, MAX_WORKFLOWS))
      await deleteWorkflow(deps, temporal, erasureId, id);
    return { kind: 'progress' };
  } catch (error) {
    if (temporal) deps.onFailure(error);
    return { kind: 'waiting', ms: TEMPORAL_AWAY_MS, waitingFor: 'temporal' };
  }
}

async function deleteWorkflow(
  { pool, onReleased }: DeleteWorkflowsDependencies,
  temporal: WorkflowDeletion,
  erasureId: string,
  workflowId: string,
): Promise<void> {
  if ((await temporal.runOf(workflowId)) === null) return workflowIsGone(pool, erasureId, workflowId);
  const state = await temporal.stateOf(workflowId);
  if (state === 'unknown') throw new Error('Temporal did not return the state of a workflow');
  const isOpen = state === 'running' || state === 'wedged' || state === 'outdated';
  // A workflow may carry deliveries of other events, which go on in another one. That of a job carries none.
  const carriesDeliveries = isOpen && !carriesJob(workflowId);
  const isFree = !carriesDeliveries || (await release(pool, temporal, workflowId));
  if (isFree) await temporal.deleteWorkflow(workflowId);
  if (carriesDeliveries) onReleased();
  await checkWorkflowAgain(pool, erasureId, workflowId, isOpen ? CHECK_OPEN_MS : CHECK_CLOSED_MS);
}

const release = async (pool: pg.Pool, temporal: WorkflowDeletion, workflowId: string): Promise<boolean> =>
  releaseFromWorkflow(pool, workflowId, await temporal.deliveriesOf(workflowId));
