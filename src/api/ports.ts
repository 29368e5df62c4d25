import type { Readable } from 'node:stream';
import type { CancelResult, RetryResult } from '../store/deliveries/retry-and-cancel.ts';
import type { PendingPlanChange } from '../store/endpoints/apply-plans.ts';
import type { EndpointAction, StateChangeResult } from '../store/endpoints/endpoint-status.ts';
import type { AcceptResult, EventDraft } from '../store/events/event-draft.ts';
import type { Scope } from '../store/scope.ts';

/** Stores events durably; resolves only after the commit. Rejects with StoreUnavailable when Postgres is away or too much waits. */
export type Acceptor = {
  acceptOne(draft: EventDraft): Promise<AcceptResult>;
  /** All or none: when one is refused, nothing of the batch is stored. The results are in the order of the drafts. */
  acceptAll(drafts: EventDraft[]): Promise<AcceptResult[]>;
};

/** What people do to deliveries. `consumer` null: the whole project; a name: only that consumer's. */
export type DeliveryCommands = {
  retry(projectId: string, consumer: string | null, deliveryId: string): Promise<RetryResult>;
  cancel(projectId: string, consumer: string | null, deliveryId: string): Promise<CancelResult>;
  /** Deletes the endpoint and cancels what is open for it; false when there is none. */
  deleteEndpoint(projectId: string, consumer: string | null, endpointId: string): Promise<boolean>;
};

/**
 * What makes endpoints stop and go on. Resolves when that is in force, and what is held follows, or, where there is much
 * of it, soon will.
 */
export type EndpointStates = {
  changeState(scope: Scope, endpointId: string, action: EndpointAction): Promise<StateChangeResult>;
  /** The plan of a consumer, or the plans of a project, have changed. */
  applyPlans(due: PendingPlanChange): Promise<void>;
};

/** Resolves true once the event has settled, false when time is up first, `signal` aborts, or too many of the tenant wait. */
export type SettlementWaiters = {
  waitUntilSettled(
    waiter: { projectId: string; consumer: string | null },
    eventId: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<boolean>;
};

/** Bytes of an SSE stream. `gone`: the cursor is older than retention or of another database. */
export type OutcomeStreams = {
  open(scope: Scope, lastEventId: string | null): Promise<Readable | 'gone'>;
};

export type Readiness = {
  check(): Promise<{ ready: boolean; components: Record<string, { ok: boolean; detail?: string }> }>;
};

/** A page of the Web UI for a workflow; null when Temporal does not keep the workflow any more. */
export type WorkflowLinks = { urlOf(workflowId: string): Promise<string | null> };
