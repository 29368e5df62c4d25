import {
  ApplicationFailure,
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { type DeliverInput, TASK_QUEUE, WORKFLOW_TYPE } from '../../workflows/contract.ts';
import { deserializePolicy } from '../policy/retry-policy.ts';
import type { Assignment } from '../store/deliveries/assignments/assignment.ts';
import { searchAttributesOf } from './search-attributes.ts';

/**
 * What Temporal says of a workflow. `wedged`: its workflow task fails again and again; `failed`: it ended with a failure
 * of its own; `over`: it ended otherwise, or there is none; `unknown`: nothing could be learnt.
 */
export type WorkflowState = 'running' | 'wedged' | 'failed' | 'closed' | 'unknown';

/** All that Posthorn asks of Temporal's server from outside a workflow. */
export type TemporalGateway = {
  /** Resolves with the run once the workflow has started; null: it had been started before. */
  start(assignment: Assignment): Promise<string | null>;
  send(workflowId: string, signal: 'retryNow' | 'cancel', ids: string[]): Promise<'sent' | 'not_found'>;
  retryNow(workflowId: string, ids: string[]): Promise<void>;
  stateOf(workflowId: string): Promise<WorkflowState>;
  /** The type of the failure that a workflow ended with: our own, as `Undeliverable`, or `Nondeterminism`. */
  failureOf(workflowId: string): Promise<string>;
  /** The run that the Web UI shows; null when Temporal does not keep the workflow. */
  runOf(workflowId: string): Promise<string | null>;
  terminate(workflowId: string, reason: string): Promise<void>;
};

/** A workflow task that failed this often in a row does not heal by itself (3 after 10 s, 5 after 35 s). */
const WEDGED_AFTER_TASK_ATTEMPTS = 3;
/** Ten times what a task takes on a busy machine; after a kill right behind an eager start this is waited out. */
const WORKFLOW_TASK_TIMEOUT = '5s';

/** The SDK's core gives that failure a code in its message, and no type. */
const NONDETERMINISM = '[TMPRL1100]';

export function createTemporalGateway(
  client: Client,
  { eager, hasSearchAttributes }: { eager: boolean; hasSearchAttributes: () => boolean },
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
        deliveries: deliveries.map(({ id, step }) => ({ id, step })),
        lane,
        useSearchAttributes,
      };
      try {
        const { firstExecutionRunId } = await client.workflow.start(WORKFLOW_TYPE, {
          workflowId,
          taskQueue: TASK_QUEUE,
          args: [input],
          // A second run of the same assignment would own nothing; an id is never used again.
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
    send,
    async retryNow(workflowId, ids) {
      await send(workflowId, 'retryNow', ids);
    },
    async stateOf(workflowId) {
      try {
        const { status, raw } = await handleOf(workflowId).describe();
        if (status.name !== 'RUNNING') return status.name === 'FAILED' ? 'failed' : 'closed';
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
      if (!(failure instanceof WorkflowFailedError)) throw failure ?? new Error('it did not fail');
      const { cause } = failure;
      if (cause?.message.startsWith(NONDETERMINISM)) return 'Nondeterminism';
      return (cause instanceof ApplicationFailure && cause.type) || cause?.name || 'unnamed';
    },
    async runOf(workflowId) {
      try {
        return (await handleOf(workflowId).describe()).runId;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw error;
      }
    },
    async terminate(workflowId, reason) {
      await handleOf(workflowId).terminate(reason);
    },
  };
}

/** `render.completed → 3 endpoints`, or `40 events → 100 deliveries`. Types are the producer's own names. */
function summaryOf({ deliveries }: Assignment): string {
  const events = new Set(deliveries.map(({ eventId }) => eventId));
  const count = deliveries.length;
  if (events.size === 1) return `${deliveries[0]!.type} → ${count} ${count === 1 ? 'endpoint' : 'endpoints'}`;
  return `${events.size} events → ${count} deliveries`;
}
