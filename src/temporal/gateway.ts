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
import type { DeploymentVersion } from './deployments/deployment.ts';
import {
  pinnedVersionOf,
  type VersioningInfo,
  workflowsOfDrainingBuilds,
} from './deployments/draining-workflows.ts';
import { searchAttributesOf } from './search-attributes.ts';
import { describedUnlessNotFound, runsOf, unlessNotFound } from './workflow-runs.ts';

/**
 * The state of a workflow in Temporal:
 * - `running`: open, and its workflow tasks succeed.
 * - `wedged`: open, but its workflow task fails repeatedly, or it runs on a task queue that was used before.
 * - `outdated`: open, and stays on a build of the workers that is not the current one.
 * - `failed`: closed with a failure.
 * - `closed`: closed in any other way, or not found.
 * - `unknown`: Temporal did not respond.
 */
export type WorkflowState = 'running' | 'wedged' | 'outdated' | 'failed' | 'closed' | 'unknown';

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
  /** Up to 5,000 open workflows of deliveries that stay on a build of the workers which gets no new ones. */
  workflowsOfDrainingBuilds(): Promise<string[]>;
  /** Tells a workflow that Postgres has taken over the deliveries that wait in it, except the `kept` ones. */
  release(workflowId: string, kept: string[]): Promise<void>;
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
    deployment,
    currentVersion = () => undefined,
  }: {
    taskQueue: string;
    /** Whether a worker of this process may get the first task of a workflow with the response to its start. */
    eager: () => boolean;
    hasSearchAttributes: () => boolean;
    /** Events after which the history of a workflow of deliveries begins anew, if not as many as usual. */
    eventsPerRun?: number | undefined;
    /** The name of the worker deployment, if there is one. */
    deployment?: string | undefined;
    /** The version that gets new workflows; undefined: not known; null: workers without a version. */
    currentVersion?: () => DeploymentVersion | null | undefined;
  },
): TemporalGateway {
  const handleOf = (workflowId: string) => client.workflow.getHandle(workflowId);

  async function send(
    workflowId: string,
    signal: 'retryNow' | 'cancel' | 'release',
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

  function isPinnedElsewhere(info: VersioningInfo): boolean {
    const pinned = pinnedVersionOf(info);
    const current = currentVersion();
    if (!pinned || current === undefined) return false;
    return pinned.deploymentName !== current?.deploymentName || pinned.buildId !== current.buildId;
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
          requestEagerStart: eager(),
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
        if (isPinnedElsewhere(raw.workflowExecutionInfo?.versioningInfo)) return 'outdated';
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
      await handleOf(workflowId)
        .terminate(reason)
        .catch((error) => {
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        });
    },
    workflowsOfDrainingBuilds: () => workflowsOfDrainingBuilds(client, taskQueue, deployment),
    async release(workflowId, kept) {
      await send(workflowId, 'release', kept);
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
