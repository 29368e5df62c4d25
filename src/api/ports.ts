import type { Readable } from 'node:stream';
import type { EndpointLimits } from '../policy/pacing.ts';
import type { CancelResult, RetryResult } from '../store/deliveries/retry-and-cancel.ts';
import type { PendingPlanChange } from '../store/endpoints/apply-plans.ts';
import type { EndpointAction, StateChangeResult } from '../store/endpoints/endpoint-status.ts';
import type { AcceptResult, EventDraft } from '../store/events/event-draft.ts';
import type { ReportedResponse } from '../store/listeners/listener-requests.ts';
import type { OutcomeFilter } from '../store/outcomes/outcome-filter.ts';
import type { DeliverEventResult } from '../store/recoveries/deliver-event-to.ts';
import type { BulkJob } from '../store/recoveries/job-row.ts';
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
  /** Sends an event to one more endpoint, under this retry policy. */
  deliverTo(scope: Scope, eventId: string, endpointId: string, policy: string): Promise<DeliverEventResult>;
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
  /** Moves what waits for an endpoint to the queue that its changed limits require. */
  moveToLane(projectId: string, endpoint: EndpointLimits & { id: string }): Promise<void>;
};

/** Carries out stored jobs. */
export type BulkJobs = {
  /** Starts the workflow of a job that runs. Does not wait for it, and never throws. */
  start(job: BulkJob): void;
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

/** Opens an SSE stream of the outcomes that match. `expired`: the cursor is older than the retention, or comes from another database. */
export type OutcomeStreams = {
  open(scope: Scope, filter: OutcomeFilter, lastEventId: string | null): Promise<Readable | 'expired'>;
};

/** The streams of listeners, and what their clients report. `null`, `not_found`: the scope has no such listener. */
export type ListenerStreams = {
  /** Opens an SSE stream of requests, which takes the place of an older one. Those after `lastSent` are sent again. */
  open(scope: Scope, listenerId: string, lastSent: string): Promise<Readable | null>;
  respond(
    scope: Scope,
    listenerId: string,
    request: { deliveryId: string; attempt: number },
    response: ReportedResponse,
  ): Promise<'stored' | 'too_late' | 'not_found'>;
};

export type Readiness = {
  check(): Promise<{ ready: boolean; components: Record<string, { ok: boolean; detail?: string }> }>;
};

/** Carries on erasures. `wake` has a job begin that has just been stored; without it, it begins within a second. */
export type ErasureJobs = { wake(): void };

/** The URL of a workflow's page in the Temporal Web UI; null when Temporal no longer stores the workflow. */
export type WorkflowLinks = { urlOf(workflowId: string): Promise<string | null> };
