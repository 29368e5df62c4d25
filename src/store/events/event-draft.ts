import type { EventStatus } from '../../policy/outcome.ts';
import type { WaitReason } from '../../policy/waiting.ts';

/** A validated event that is ready to be stored. */
export type EventDraft = {
  projectId: string;
  id: string;
  type: string;
  consumer: string | null;
  attributes: Record<string, string>;
  /** The `data` member, byte for byte as the producer sent it. Stored only once if it is a part of the memory of `body`. */
  data: Buffer;
  /** The body that every receiver gets, composed by the profile. */
  body: Buffer;
  /** No request starts from then on. */
  expiresAt?: Date;
  /** SHA-256 over type, data, consumer, attributes, target and expiry. A repeated id must have the same content. */
  contentHash: Buffer;
  profile: string;
  profileVersion: number;
  /** The retry policy in force, as canonical JSON (serializePolicy). */
  policy: string;
  target: { url: string; secret: string } | null;
  /** If set, the event goes only to this endpoint of the consumer, whether or not the endpoint subscribed to the type. */
  endpoint: string | null;
  test: boolean;
  /** When the producer's request arrived; `$createdAt` in the body. */
  createdAt: Date;
  /**
   * Set if the profile uses `$sequence`. Returns the body for the event's number, which is taken in the transaction that
   * stores the event; until then `body` has a placeholder.
   */
  withSequence?: ((sequence: number) => Pick<EventDraft, 'body' | 'data'>) | undefined;
  /** Whether the event matches each filter, by its hash. Undefined: none was evaluated. */
  filterVerdicts?: ReadonlyMap<string, boolean>;
  /** Of the trace to which the attempts belong; not a part of the content. */
  traceparent?: string | undefined;
  tracestate?: string | undefined;
  /** Set if the number was taken before the INSERT. */
  sequence?: number;
};

/** The result for one draft. `existing`: an event with this id and content had been stored before. */
export type AcceptResult =
  | { kind: 'accepted' | 'existing'; event: AcceptedEvent }
  | { kind: 'id_conflict' }
  | { kind: 'too_many_endpoints'; count: number }
  /** The events of the batch match too many endpoints together. */
  | { kind: 'batch_too_large' };

export type AcceptedEvent = {
  id: string;
  sequence: number;
  status: EventStatus;
  createdAt: Date;
  expiresAt: Date | null;
  deliveryCount: number;
  /** The first 100 deliveries in their initial state; only for an accepted event. */
  deliveries?: InitialDelivery[];
};

export type InitialDelivery = {
  id: string;
  endpointId: string | null;
  status: 'pending' | 'held';
  waitingFor: WaitReason | null;
  workflowId: string | null;
};
