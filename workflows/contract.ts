import type { DeliveryResult, DeliveryStep, UnrecordedAttempt } from '../src/policy/delivery-result.ts';
import type { Lane } from '../src/policy/outcome.ts';
import type { RetryPolicy } from '../src/policy/retry-policy.ts';

/*
 * Everything that passes through Temporal: ids, counts, codes and times only. Never add a payload, a secret, a URL or
 * a response: operators read histories, and Temporal keeps them for days.
 */

export const WORKFLOW_TYPE = 'deliver';
/** Carries a job that sends or cancels many deliveries. */
export const JOB_WORKFLOW_TYPE = 'recover';
/** Keeps a task queue for one database. */
export const INSTALLATION_WORKFLOW_TYPE = 'installation';
/**
 * The queue for retries and for slow or failing receivers, beside the queue on which workflows run. There they would take
 * the slots of healthy receivers.
 */
export const slowTaskQueueOf = (taskQueue: string): string => `${taskQueue}-slow`;

export type DeliverInput = {
  policy: RetryPolicy;
  deliveries: DeliveryAtStart[];
  lane: Lane;
  /** Whether PosthornState is registered: a workflow that upserts an unregistered attribute is wedged. */
  useSearchAttributes: boolean;
  /** What became of deliveries in earlier runs, if this one continues a workflow whose history had grown long. */
  settled?: DeliverySummary;
  /** Events after which the history begins anew; without it, 2,000. */
  eventsPerRun?: number;
};

/** A delivery when its workflow starts. It is due at once unless `retry` is set: an attempt without a workflow failed. */
export type DeliveryAtStart = DeliveryStep & { retry?: { dueInMs: number; lastOutcome: string } };

export type DeliverySummary = {
  delivered: number;
  undeliverable: number;
  cancelled: number;
  released: number;
};

export type AttemptReport = { results: DeliveryResult[]; unrecorded: UnrecordedAttempt[] };

export type Activities = {
  /** Attempts the deliveries and records each outcome as it arrives. */
  attemptDeliveries(deliveries: DeliveryStep[]): Promise<AttemptReport>;
  /** Records the outcomes that could not be written while Postgres was down. */
  recordOutcomes(unrecorded: UnrecordedAttempt[]): Promise<DeliveryResult[]>;
};

/** The result of the query `progress`: the state of each delivery, in the order of the input. */
export type Progress = { id: string; state: string; step: number; dueAt: string | null }[];

/** `stepsPerRun`: steps after which the history begins anew; without it, 200. */
export type RecoverInput = { id: string; projectId: string; run: number; stepsPerRun?: number };

/** What a page of a job came to. `summary`: counts, for the Web UI. */
export type JobStep =
  | { kind: 'continues'; waitMs: number; summary: string }
  | { kind: 'ended'; summary: string };

export type JobActivities = {
  /** Works through the next pages of a job. Postgres keeps how far it has come. */
  workOnJob(input: RecoverInput): Promise<JobStep>;
};
