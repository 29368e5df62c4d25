import type { BulkFilter } from './bulk-filter.ts';

/**
 * - recover_failed: sends undeliverable deliveries again.
 * - recover_missing: sends events to an endpoint that never got them.
 * - cancel: cancels open deliveries.
 */
export type JobKind = 'recover_failed' | 'recover_missing' | 'cancel';
export type JobStatus = 'running' | 'paused' | 'done' | 'cancelled';

/** What a job is about. `deliveryIds`: these instead of what the filter finds; the filter then holds the limits of the caller. */
export type JobScope = {
  kind: JobKind;
  projectId: string;
  filter: BulkFilter;
  deliveryIds: string[] | null;
};

/** A position is the id of a delivery; for missing events, the exact time and the id of an event. '' is the beginning. */
export type BulkJob = JobScope & {
  id: string;
  consumer: string | null;
  startedBy: string;
  policy: string;
  rate: number | null;
  status: JobStatus;
  run: number;
  position: string | null;
  countedTo: string | null;
  counted: number;
  done: number;
  skipped: number;
  nextDueAt: Date | null;
  delivered: number;
  undeliverable: number;
  cancelled: number;
  measuredAt: Date | null;
  startedAt: Date;
  endedAt: Date | null;
};

export const JOB_COLUMNS = `
  job.id, job.kind, job.project_id AS "projectId", job.consumer, job.started_by AS "startedBy", job.filter,
  job.delivery_ids AS "deliveryIds", job.policy, job.rate, job.status, job.run, job.position, job.counted_to AS "countedTo",
  job.counted, job.done, job.skipped, job.next_due_at AS "nextDueAt", job.delivered, job.undeliverable, job.cancelled,
  job.measured_at AS "measuredAt", job.started_at AS "startedAt", job.ended_at AS "endedAt"`;

/** Times in the stored filter are text in JSON. */
type StoredFilter = Omit<BulkFilter, 'since' | 'until' | 'eventsSince' | 'errorCode'> & {
  /** Missing in jobs of earlier versions. */
  errorCode?: string | null;
  since: string;
  until: string;
  eventsSince: string | null;
};
export type JobRow = Omit<BulkJob, 'filter'> & { filter: StoredFilter };

export function jobOf({ filter, ...row }: JobRow): BulkJob {
  const { since, until, eventsSince, errorCode = null } = filter;
  const times = { since: new Date(since), until: new Date(until) };
  return {
    ...row,
    filter: {
      ...filter,
      ...times,
      errorCode,
      eventsSince: eventsSince === null ? null : new Date(eventsSince),
    },
  };
}

/** What fits a job among the next rows. `next`: the position after them; null if there is none. */
export type Taken = { items: { id: string; endpointId: string | null }[]; next: string | null };
export type Counted = {
  matches: number;
  oldestAt: Date | null;
  newestAt: Date | null;
  endpoints: (string | null)[];
  next: string | null;
};

/** How many deliveries or events the job is about; null while not all have been counted. */
export const totalOf = ({ counted, countedTo, done, skipped }: BulkJob): number | null =>
  countedTo === null ? Math.max(counted, done + skipped) : null;

/** Deliveries that the job made and that have not settled. */
export const openOf = ({ done, delivered, undeliverable, cancelled }: BulkJob): number =>
  Math.max(0, done - delivered - undeliverable - cancelled);
