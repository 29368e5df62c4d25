import type { Readable } from 'node:stream';
import type { CancelResult, RetryResult } from '../store/deliveries/retry-and-cancel.ts';
import type { PendingPlanChange } from '../store/endpoints/apply-plans.ts';
import type { EndpointAction, StateChangeResult } from '../store/endpoints/endpoint-status.ts';
import type { AcceptResult, EventDraft } from '../store/events/event-draft.ts';
import type { Scope } from '../store/scope.ts';

/** Stores events durably. Resolves after the commit; rejects with StoreUnavailable when Postgres is down or the queue is full. */
export type Acceptor = {
  acceptOne(draft: EventDraft): Promise<AcceptResult>;
  /** Stores all events or none: if one is rejected, nothing is stored. Returns the results in the order of the drafts. */
  acceptAll(drafts: EventDraft[]): Promise<AcceptResult[]>;
};

/** Commands that callers give for deliveries. With a `consumer`, only that consumer's deliveries are found; null: all of the project. */
export type DeliveryCommands = {
  retry(projectId: string, consumer: string | null, deliveryId: string): Promise<RetryResult>;
  cancel(projectId: string, consumer: string | null, deliveryId: string): Promise<CancelResult>;
  /** Deletes the endpoint and cancels its open deliveries; false when the endpoint does not exist. */
  deleteEndpoint(projectId: string, consumer: string | null, endpointId: string): Promise<boolean>;
};

/**
 * Suspends and resumes deliveries to endpoints. Resolves when the change is in force; if many deliveries are held, their
 * release may complete shortly afterwards.
 */
export type EndpointStates = {
  changeState(scope: Scope, endpointId: string, action: EndpointAction): Promise<StateChangeResult>;
  /** Applies a change of a consumer's plan, or of the plans of a project. */
  applyPlans(due: PendingPlanChange): Promise<void>;
};

/** Resolves true once the event has settled; false after the timeout, when `signal` aborts, or when the tenant has too many waiters. */
export type SettlementWaiters = {
  waitUntilSettled(
    waiter: { projectId: string; consumer: string | null },
    eventId: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<boolean>;
};

/** Opens an SSE stream. `expired`: the cursor is older than the retention, or comes from another database. */
export type OutcomeStreams = {
  open(scope: Scope, lastEventId: string | null): Promise<Readable | 'expired'>;
};

export type Readiness = {
  check(): Promise<{ ready: boolean; components: Record<string, { ok: boolean; detail?: string }> }>;
};

/** The URL of a workflow's page in the Temporal Web UI; null when Temporal no longer stores the workflow. */
export type WorkflowLinks = { urlOf(workflowId: string): Promise<string | null> };
