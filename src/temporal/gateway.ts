import {
  ApplicationFailure,
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import {
  type DeliverInput,
  type DeliveryAtStart,
  JOB_WORKFLOW_TYPE,
  type RecoverInput,
  WORKFLOW_TYPE,
} from '../../workflows/contract.ts';
import { deserializePolicy, remainingDelayMs } from '../policy/retry-policy.ts';
import type { AssignedDelivery, Assignment } from '../store/deliveries/assignments/assignment.ts';
import { GRPC_STATUS, grpcStatusOf } from './grpc-status.ts';
import { searchAttributesOf } from './search-attributes.ts';

/**
 * The state of a workflow in Temporal:
 * - `running`: open, and its workflow tasks succeed.
 * - `wedged`: open, but its workflow task fails repeatedly, or it runs on a task queue that was used before.
 * - `failed`: closed with a failure.
 * - `closed`: closed in any other way, or not found.
 * - `unknown`: Temporal did not respond.
 */
export type WorkflowState = 'running' | 'wedged' | 'failed' | 'closed' | 'unknown';

/** All calls that Posthorn makes to Temporal's server from outside a workflow. */
export type TemporalGateway = {
  /** Resolves to the run id once the workflow has started; to null if it had been started before. */
  start(assignment: Assignment): Promise<string | null>;
  /** Starts the workflow of a job; does nothing if it had been started before. */
  startJob(workflowId: string, input: RecoverInput, summary: string): Promise<void>;
  /** Signals a workflow. `not_found`: there is no open workflow with this id. */
  send(workflowId: string, signal: 'retryNow' | 'cancel', ids: string[]): Promise<'sent' | 'not_found'>;
  /** Sends the signal `retryNow`; does nothing if there is no open workflow with this id. */
  retryNow(workflowId: string, ids: string[]): Promise<void>;
  /** Never rejects: any error is `unknown`. */
  stateOf(workflowId: string): Promise<WorkflowState>;
  /**
   * The type of the failure that closed a workflow: one of Posthorn's own, such as `Undeliverable`, or
   * `Nondeterminism`. Rejects if the workflow did not fail.
   */
  failureOf(workflowId: string): Promise<string>;
  /** The run id of a workflow; null when Temporal does not have the workflow, for example after its retention. */
  runOf(workflowId: string): Promise<string | null>;
  terminate(workflowId: string, reason: string): Promise<void>;
  /** The ids of the deliveries that a workflow was started with. Rejects if Temporal does not have the workflow. */
  deliveriesOf(workflowId: string): Promise<string[]>;
  /**
   * Asks Temporal to delete a workflow with all its runs and their histories, and first to terminate it if it runs. Temporal
   * does it soon after.
   */
  deleteWorkflow(workflowId: string): Promise<void>;
};

/** A workflow task that has reached its third attempt, about 10 s after the first, does not recover by itself. */
const WEDGED_AFTER_TASK_ATTEMPTS = 3;
/**
 * Ten times the duration of a workflow task on a busy machine. If a process is killed right after an eager start, its
 * workflow waits this long before another worker continues it.
 */
const WORKFLOW_TASK_TIMEOUT = '5s';

/** The SDK's core sets no type on this failure, only a code in its message. */
const NONDETERMINISM_CODE = '[TMPRL1100]';

export function createTemporalGateway(
  client: Client,
  {
    taskQueue,
    eager,
    hasSearchAttributes,
    eventsPerRun,
  }: {
    taskQueue: string;
    eager: boolean;
    hasSearchAttributes: () => boolean;
    /** Events after which the history of a workflow of deliveries begins anew, if not as many as usual. */
    eventsPerRun?: number | undefined;
  },
): TemporalGateway {
  const handleOf = (workflowId: string) => client.workflow.getHandle(workflowId);

  async function send(
    workflowId: string,
    signal: 'retryNow' | 'cancel',
    ids: string[],
  ): Promise<'sent' | 'not_found'> {
    try {
      await handleOf(workflowId).signal(signal, ids);
      return 'sent';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'not_found';
      throw error;
    }
  }

  return {
    async start(assignment) {
      const { workflowId, policy, lane, deliveries } = assignment;
      const useSearchAttributes = hasSearchAttributes();
      const input: DeliverInput = {
        policy: deserializePolicy(policy),
        deliveries: deliveries.map(toDeliveryAtStart),
        lane,
        useSearchAttributes,
        ...(eventsPerRun !== undefined && { eventsPerRun }),
      };
      try {
        const { firstExecutionRunId } = await client.workflow.start(WORKFLOW_TYPE, {
          workflowId,
          taskQueue,
          args: [input],
          // Ids are never reused: a second run of an assignment would own no deliveries.
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          requestEagerStart: eager,
          workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
          staticSummary: summaryOf(assignment),
          ...(useSearchAttributes && { searchAttributes: searchAttributesOf(assignment) }),
        });
        return firstExecutionRunId;
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
        throw error;
      }
    },
    async startJob(workflowId, input, summary) {
      try {
        await client.workflow.start(JOB_WORKFLOW_TYPE, {
          workflowId,
          taskQueue,
          args: [input],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          staticSummary: summary,
          ...(hasSearchAttributes() && { searchAttributes: { PosthornProject: [input.projectId] } }),
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },
    send,
    async retryNow(workflowId, ids) {
      await send(workflowId, 'retryNow', ids);
    },
    async stateOf(workflowId) {
      try {
        const { status, raw, taskQueue: runsOn } = await handleOf(workflowId).describe();
        if (status.name !== 'RUNNING') return status.name === 'FAILED' ? 'failed' : 'closed';
        if (runsOn !== taskQueue) return 'wedged';
        return (raw.pendingWorkflowTask?.attempt ?? 0) >= WEDGED_AFTER_TASK_ATTEMPTS ? 'wedged' : 'running';
      } catch (error) {
        return error instanceof WorkflowNotFoundError ? 'closed' : 'unknown';
      }
    },
    async failureOf(workflowId) {
      const failure = await handleOf(workflowId)
        .result()
        .then(
          () => null,
          (error: unknown) => error,
        );
      if (!(failure instanceof WorkflowFailedError))
        throw failure ?? new Error(`the workflow ${workflowId} did not fail`);
      const { cause } = failure;
      if (cause?.message.startsWith(NONDETERMINISM_CODE)) return 'Nondeterminism';
      return (cause instanceof ApplicationFailure && cause.type) || cause?.name || 'unnamed';
    },
    async runOf(workflowId) {
      return (await describedUnlessNotFound(client, workflowId))?.runId ?? null;
    },
    async terminate(workflowId, reason) {
      await handleOf(workflowId).terminate(reason);
    },
    async deliveriesOf(workflowId) {
      const { history } = await client.workflowService.getWorkflowExecutionHistory({
        namespace: client.options.namespace,
        execution: { workflowId },
        maximumPageSize: 1,
      });
      const [payload] = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
      const input: DeliverInput = JSON.parse(Buffer.from(payload!.data!).toString());
      return input.deliveries.map(({ id }) => id);
    },
    async deleteWorkflow(workflowId) {
      // The last run leads to the others, so it goes last.
      for (const runId of (await runsOf(client, workflowId)).reverse())
        await unlessNotFound(
          client.workflowService.deleteWorkflowExecution({
            namespace: client.options.namespace,
            workflowExecution: { workflowId, runId },
          }),
        );
    },
  };
}

/** The runs that Temporal has of a workflow, the last one first. Each but the last one continued as new. */
async function runsOf(client: Client, workflowId: string): Promise<string[]> {
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

async function unlessNotFound<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (grpcStatusOf(error) === GRPC_STATUS.NOT_FOUND) return null;
    throw error;
  }
}

async function describedUnlessNotFound(client: Client, workflowId: string) {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

function toDeliveryAtStart({ id, step, orderedFor, retry }: AssignedDelivery): DeliveryAtStart {
  if (!retry) return { id, step, ...(orderedFor && { orderedFor }) };
  const { delayMs, endedAt, lastOutcome } = retry;
  const dueInMs = remainingDelayMs(delayMs, performance.now() - endedAt);
  return { id, step, retry: { dueInMs, lastOutcome } };
}

/** For the Web UI: `render.completed → 3 endpoints`, or `40 events → 100 deliveries` for several events. */
function summaryOf({ deliveries }: Assignment): string {
  const events = new Set(deliveries.map(({ eventId }) => eventId));
  const count = deliveries.length;
  if (events.size === 1) return `${deliveries[0]!.type} → ${count} ${count === 1 ? 'endpoint' : 'endpoints'}`;
  return `${events.size} events → ${count} deliveries`;
}
