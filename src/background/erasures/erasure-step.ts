import type { WorkflowSignal } from '../../store/deliveries/cancel-locked.ts';
import { markEndpointDeleted } from '../../store/endpoints/delete-endpoint.ts';
import { cancelForErasure } from '../../store/erasures/cancel-for-erasure.ts';
import { closeConsumer, closeProject } from '../../store/erasures/close-subject.ts';
import { type EventPosition, eraseSettledEvents, nextEvents } from '../../store/erasures/erase-events.ts';
import { eraseNextJobs } from '../../store/erasures/erase-jobs.ts';
import { eraseOutcomes, eraseProjectOutcomes } from '../../store/erasures/erase-outcomes.ts';
import { eraseRemains } from '../../store/erasures/erase-remains.ts';
import { eraseReports, nextReports } from '../../store/erasures/erase-reports.ts';
import {
  completeErasure,
  hasNoOlderTransaction,
  type RunningErasure,
} from '../../store/erasures/running-erasures.ts';
import { endpointIdsOfConsumer } from '../../store/projects/consumers.ts';
import { sweepEndpoint } from '../endpoint-sweep.ts';
import { type DeleteWorkflowsDependencies, deleteWorkflows } from './delete-workflows.ts';
import type { StepResult } from './step-result.ts';

export type ErasureStepDependencies = DeleteWorkflowsDependencies & {
  /** Called with each workflow whose deliveries were cancelled. */
  onCancelled: (signal: WorkflowSignal) => void;
  /** Called when outcomes of this project were written. */
  onOutcomes: (projectId: string) => void;
  times: Pick<ErasureTimes, 'attemptMs' | 'workflowStartMs' | 'callMs'>;
};

/** All in milliseconds. */
export type ErasureTimes = {
  /** How soon to look again for attempts that were under way. */
  attemptMs: number;
  /** A workflow that was about to start has started after this time. */
  workflowStartMs: number;
  /** A call with a deleted key has ended, or begun its transaction, after this time. */
  callMs: number;
};

const PROGRESS: StepResult = { kind: 'progress' };
const TRANSACTION_MS = 500;

/** One pass over the events of a job, oldest first. Those with an attempt under way are left for the next pass. */
type EventPass = { after: EventPosition | null; leftSome: boolean };

/**
 * Returns the steps of a job. Each is a short transaction, or a few, that can be repeated: a process may end after any of
 * them, and another goes on from what it finds.
 */
export function createErasureSteps(
  deps: ErasureStepDependencies,
  job: RunningErasure,
): () => Promise<StepResult> {
  const { pool, times } = deps;
  const { id, projectId } = job;
  let { eventsBefore } = job;
  let pass: EventPass = { after: null, leftSome: false };
  const current = (): RunningErasure => ({ ...job, eventsBefore });

  async function closeConsumerStep(): Promise<StepResult> {
    const [endpointId] = await endpointIdsOfConsumer(pool, projectId, job.subject);
    if (endpointId === undefined) eventsBefore = await closeConsumer(pool, current());
    else {
      await markEndpointDeleted(pool, projectId, job.subject, endpointId);
      await sweepEndpoint(deps, projectId, endpointId);
    }
    return PROGRESS;
  }

  async function eraseNextEvents(): Promise<StepResult | 'none'> {
    const { ids, last } = await nextEvents(pool, current(), pass.after);
    if (last === null) {
      const { after, leftSome } = pass;
      pass = { after: null, leftSome: false };
      if (after === null) return 'none';
      return leftSome ? { kind: 'waiting', ms: times.attemptMs, waitingFor: 'attempts' } : PROGRESS;
    }
    await cancelOpen(deps, projectId, ids);
    const removed = await eraseSettledEvents(pool, current(), ids, times.workflowStartMs);
    pass = { after: last, leftSome: pass.leftSome || removed < ids.length };
    return PROGRESS;
  }

  async function closeProjectStep(): Promise<StepResult> {
    if (!(await closeProject(pool, id, times.callMs)))
      return { kind: 'waiting', ms: TRANSACTION_MS, waitingFor: null };
    eventsBefore = new Date(0);
    return PROGRESS;
  }

  async function eraseNextReports(): Promise<StepResult | 'none'> {
    const reports = await nextReports(pool, current(), times.callMs);
    if (reports.found === 0) return 'none';
    if (reports.ids.length === 0) return { kind: 'waiting', ms: times.callMs, waitingFor: null };
    await cancelOpen(deps, reports.operationalProject, reports.eventIds);
    const removed = await eraseReports(pool, current(), reports, times.workflowStartMs);
    return removed > 0 ? PROGRESS : { kind: 'waiting', ms: times.attemptMs, waitingFor: 'attempts' };
  }

  return async () => {
    if (job.kind === 'consumer' && eventsBefore === null) return closeConsumerStep();
    // Before the events, to which a job may add deliveries.
    if (await eraseNextJobs(pool, current(), times.workflowStartMs)) return PROGRESS;
    // Asked first: what such a transaction adds is then found by the search for events.
    const isSettled = await hasNoOlderTransaction(pool, id);
    const events = await eraseNextEvents();
    if (events !== 'none') return events;
    if (job.kind === 'project' && eventsBefore === null) return closeProjectStep();
    if (!isSettled) return { kind: 'waiting', ms: TRANSACTION_MS, waitingFor: null };
    const hasOutcomes =
      job.kind === 'project' ? eraseProjectOutcomes(pool, projectId) : eraseOutcomes(pool, job);
    if (await hasOutcomes) return PROGRESS;
    const reports = job.kind === 'consumer' ? await eraseNextReports() : 'none';
    if (reports !== 'none') return reports;
    const workflows = await deleteWorkflows(deps, id);
    if (workflows) return workflows;
    if (await eraseRemains(pool, current())) return PROGRESS;
    return (await completeErasure(pool, id))
      ? { kind: 'completed' }
      : { kind: 'waiting', ms: 0, waitingFor: null };
  };
}

async function cancelOpen(
  { pool, onCancelled, onOutcomes }: ErasureStepDependencies,
  projectId: string,
  eventIds: string[],
): Promise<void> {
  for (let hasMore = true; hasMore; ) {
    const batch = await cancelForErasure(pool, projectId, eventIds);
    batch.signals.forEach(onCancelled);
    if (batch.cancelled > 0) onOutcomes(projectId);
    hasMore = batch.hasMore;
  }
}
