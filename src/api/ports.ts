import type { Readable } from 'node:stream';
import type { EventStatus } from '../policy/outcome.ts';

/** An event that has passed every check at the door, ready to be stored. */
export type EventDraft = {
  projectId: string;
  id: string;
  type: string;
  consumer: string | null;
  attributes: Record<string, string>;
  /** The `data` member, byte for byte as the producer sent it. */
  data: Buffer;
  /** What every receiver gets, composed by the profile. */
  body: Buffer;
  /** SHA-256 over type, data, consumer, attributes and target: the same id must mean the same content. */
  contentHash: Buffer;
  profile: string;
  profileVersion: number;
  /** Canonical text of the policy in force (policyText). */
  policy: string;
  target: { url: string; secret: string } | null;
  test: boolean;
  /** When the producer's post arrived; the `$createdAt` of the body. */
  createdAt: Date;
};

/** What became of one draft. `existing`: the same id with the same content was there before. */
export type Accepted =
  | { kind: 'accepted' | 'existing'; event: AcceptedEvent }
  | { kind: 'id_conflict' }
  | { kind: 'too_many_endpoints'; count: number };

export type AcceptedEvent = {
  id: string;
  status: EventStatus;
  createdAt: Date;
  deliveryCount: number;
  /** The first 100 as they were born; left out where they are not at hand. */
  deliveries?: BornDelivery[];
};

export type BornDelivery = {
  id: string;
  endpointId: string | null;
  status: 'pending' | 'held';
  waitingFor: string | null;
  workflowId: string | null;
};

/** Stores events durably; resolves only after the commit. Rejects with StoreUnavailable when Postgres is away. */
export type Acceptor = {
  acceptOne(draft: EventDraft): Promise<Accepted>;
  /** All or none: when one is refused, nothing of the batch is stored. The results are in the order of the drafts. */
  acceptAll(drafts: EventDraft[]): Promise<Accepted[]>;
};

export type RetryAnswer =
  | { kind: 'brought_forward' }
  | { kind: 'replayed'; deliveryId: string }
  | { kind: 'held' }
  /** The endpoint of a settled delivery is gone: there is nowhere to send it again (409). */
  | { kind: 'endpoint_deleted' }
  | { kind: 'not_found' };

export type CancelAnswer =
  | { kind: 'cancelled' | 'cancelling' }
  | { kind: 'already_final'; status: string }
  | { kind: 'not_found' };

/** What people do to deliveries. `consumer` null: the whole project; a name: only that consumer's. */
export type Steering = {
  retry(projectId: string, consumer: string | null, deliveryId: string): Promise<RetryAnswer>;
  cancel(projectId: string, consumer: string | null, deliveryId: string): Promise<CancelAnswer>;
  /** Deletes the endpoint and cancels what is open for it; false when there is none. */
  deleteEndpoint(projectId: string, consumer: string | null, endpointId: string): Promise<boolean>;
};

/** Resolves true once the event has settled, false when `timeoutMs` is up first or `signal` aborts. */
export type Waiters = {
  untilSettled(projectId: string, eventId: string, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
};

/** Bytes of an SSE stream. `gone`: the cursor is older than retention or of another database. */
export type OutcomeStreams = {
  open(
    scope: { projectId: string; consumer: string | null },
    lastEventId: string | null,
  ): Promise<Readable | 'gone'>;
};

export type Readiness = {
  check(): Promise<{ ready: boolean; components: Record<string, { ok: boolean; detail?: string }> }>;
};

/** A page of the Web UI for a workflow; null when Temporal does not keep the workflow any more. */
export type WorkflowLinks = { urlOf(workflowId: string): Promise<string | null> };
