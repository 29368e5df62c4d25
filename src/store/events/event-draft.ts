import type { EventStatus } from '../../policy/outcome.ts';

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
  /** Set: for this endpoint alone, which need not have subscribed. It is the consumer's. */
  endpoint: string | null;
  test: boolean;
  /** When the producer's post arrived; the `$createdAt` of the body. */
  createdAt: Date;
};

/** What became of one draft. `existing`: the same id with the same content was there before. */
export type AcceptResult =
  | { kind: 'accepted' | 'existing'; event: AcceptedEvent }
  | { kind: 'id_conflict' }
  | { kind: 'too_many_endpoints'; count: number }
  /** Its batch matches too many endpoints in all. */
  | { kind: 'too_large_a_batch' };

export type AcceptedEvent = {
  id: string;
  status: EventStatus;
  createdAt: Date;
  deliveryCount: number;
  /** The first 100 as they were born; left out where they are not at hand. */
  deliveries?: InitialDelivery[];
};

export type InitialDelivery = {
  id: string;
  endpointId: string | null;
  status: 'pending' | 'held';
  waitingFor: string | null;
  workflowId: string | null;
};
