import type { Readable } from 'node:stream';
import type { CancelAnswer, RetryAnswer } from '../store/deliveries/steering.ts';
import type { EndpointAction, StateAnswer } from '../store/endpoints/endpoint-states.ts';
import type { Scope } from '../store/endpoints/endpoints.ts';
import type { PlansDue } from '../store/endpoints/plans.ts';
import type { Accepted, EventDraft } from '../store/events/event-draft.ts';

/** Stores events durably; resolves only after the commit. Rejects with StoreUnavailable when Postgres is away or too much waits. */
export type Acceptor = {
  acceptOne(draft: EventDraft): Promise<Accepted>;
  /** All or none: when one is refused, nothing of the batch is stored. The results are in the order of the drafts. */
  acceptAll(drafts: EventDraft[]): Promise<Accepted[]>;
};

/** What people do to deliveries. `consumer` null: the whole project; a name: only that consumer's. */
export type Steering = {
  retry(projectId: string, consumer: string | null, deliveryId: string): Promise<RetryAnswer>;
  cancel(projectId: string, consumer: string | null, deliveryId: string): Promise<CancelAnswer>;
  /** Deletes the endpoint and cancels what is open for it; false when there is none. */
  deleteEndpoint(projectId: string, consumer: string | null, endpointId: string): Promise<boolean>;
};

/**
 * What makes endpoints stop and go on. Resolves when that is in force, and what is held follows, or, where there is much
 * of it, soon will.
 */
export type Holding = {
  act(scope: Scope, endpointId: string, action: EndpointAction): Promise<StateAnswer>;
  /** The plan of a consumer, or the plans of a project, have changed. */
  followPlans(due: PlansDue): Promise<void>;
};

/** Resolves true once the event has settled, false when time is up first, `signal` aborts, or too many of the tenant wait. */
export type Waiters = {
  untilSettled(
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
