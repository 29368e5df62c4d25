import type { DeliveryResult, DeliveryStep, UnrecordedAttempt } from '../src/policy/delivery-result.ts';
import type { Lane } from '../src/policy/outcome.ts';
import type { RetryPolicy } from '../src/policy/retry-policy.ts';

/*
 * What crosses into and out of Temporal. Ids, counts, codes and times only: no payload, secret, URL or answer
 * of a receiver may ever be added here, because histories are read by operators and kept for days.
 */

export const WORKFLOW_TYPE = 'deliver';
export const TASK_QUEUE = 'posthorn';
/** Retries, and receivers that were slow or failing lately: slots of their own, so that they starve no one. */
export const SLOW_TASK_QUEUE = 'posthorn-slow';

export type DeliverInput = {
  policy: RetryPolicy;
  deliveries: DeliveryStep[];
  lane: Lane;
  /** Whether PosthornState may be upserted: upserting an unregistered attribute wedges a workflow. */
  useSearchAttributes: boolean;
};

export type DeliverySummary = {
  delivered: number;
  undeliverable: number;
  cancelled: number;
  released: number;
};

export type AttemptReport = { results: DeliveryResult[]; unrecorded: UnrecordedAttempt[] };

/** What workflows ask of the world. */
export type Activities = {
  /** Attempts what is due and records each outcome as it arrives. */
  attemptDeliveries(deliveries: DeliveryStep[]): Promise<AttemptReport>;
  /** Records what could not be recorded while Postgres was away. */
  recordOutcomes(unrecorded: UnrecordedAttempt[]): Promise<DeliveryResult[]>;
};

/** What the query `progress` answers: each delivery's place, in the order of the input. */
export type Progress = { id: string; state: string; step: number; dueAt: string | null }[];
